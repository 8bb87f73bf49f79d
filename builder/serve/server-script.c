/* SPDX-License-Identifier: MIT */
#include "serve/server-script.h"

__asm__(".pushsection .rodata\n"
	".global server_script, server_script_end\n"
	"server_script:\n"
	".incbin \"builder/serve/server.sh\"\n"
	"server_script_end:\n"
	".byte 0\n"
	".popsection\n");
