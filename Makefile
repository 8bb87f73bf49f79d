# SPDX-License-Identifier: MIT
#
# One Makefile for everything, no recursion. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --jobs=$(shell nproc)
.DEFAULT_GOAL := all

## Variables:
##   RECIPE=FILE            what `make image` builds (recipes/rescue64.yaml)
##   FLAVOUR=release|asan   hardened and optimised, or with address and undefined-behaviour sanitizers
##   WERROR=1               warnings are errors
##   V=1                    show every command
##   CC=clang               another compiler
##   PREFIX= DESTDIR=       where `make install` installs to (/usr/local)
RECIPE  ?= recipes/rescue64.yaml
FLAVOUR ?= release
PREFIX  ?= /usr/local
ifeq ($(origin CC),default)
CC := gcc
endif
Q := $(if $(filter 1,$(V)),,@)

# ---- what is built from what -------------------------------------------------------------------

# asan binaries lie apart, so that out/bin is always what `make install` would install.
OBJ := out/obj/$(FLAVOUR)
BIN := out/$(if $(filter release,$(FLAVOUR)),bin,bin-$(FLAVOUR))

PROGRAM_MAIN   := builder/command/main.c
NAMESPACE_MAIN := builder/sandbox/namespace/sandbox-namespace.c
GUESTFS_MAIN   := builder/sandbox/guestfs/sandbox-guestfs.c
MAINS          := $(PROGRAM_MAIN) $(NAMESPACE_MAIN) $(GUESTFS_MAIN)

# sandbox-guestfs is built where libguestfs is; the tests install it. Nothing else has to do with it.
ifneq ($(filter test test-all,$(MAKECMDGOALS)),)
GUESTFS := 1
else
GUESTFS := $(shell pkg-config --exists libguestfs 2>/dev/null && echo 1)
endif
SOURCES := $(filter-out $(if $(GUESTFS),,builder/sandbox/guestfs/%), \
	$(sort $(wildcard builder/*/*.c builder/*/*/*.c)))

# The helpers are made of whole folders, and link only what they use of these: sandbox-namespace gets
# neither libcurl nor libsolv, since whoever is taken over inside should have little at hand.
NAMESPACE_ONLY := $(wildcard builder/sandbox/namespace/*.c)
GUESTFS_ONLY   := $(wildcard builder/sandbox/guestfs/*.c)
HELPER_SHARED  := $(wildcard $(addsuffix /*.c,builder/base builder/deb builder/tar builder/sandbox))

object = $(patsubst builder/%.c,$(OBJ)/%.o,$(1))
OBJECTS         := $(call object,$(SOURCES))
SHARED_OBJECTS  := $(call object,$(HELPER_SHARED))
SHARED_LIBRARY  := $(OBJ)/shared.a
NAMESPACE_OBJS  := $(call object,$(NAMESPACE_ONLY))
GUESTFS_OBJS    := $(call object,$(GUESTFS_ONLY))
LIBRARY_OBJECTS := $(call object,$(filter-out $(MAINS) $(GUESTFS_ONLY),$(SOURCES)))
LIBRARY         := $(OBJ)/library.a
PROGRAM_OBJECTS := $(call object,$(filter-out $(NAMESPACE_ONLY) $(GUESTFS_ONLY),$(SOURCES)))

# A program appears as soon as its main() does.
PROGRAMS := $(if $(wildcard $(PROGRAM_MAIN)),$(BIN)/netrescue) \
	$(if $(wildcard $(NAMESPACE_MAIN)),$(BIN)/sandbox-namespace) \
	$(if $(GUESTFS),$(BIN)/sandbox-guestfs)

UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS   := $(patsubst tests/unit/%.c,$(BIN)/tests/%,$(UNIT_SOURCES))
# Programs that shell tests run.
TOOL_SOURCES := $(sort $(wildcard tests/tools/*.c))
TOOLS        := $(patsubst tests/tools/%.c,$(BIN)/tests/%,$(TOOL_SOURCES))

# ---- flags -------------------------------------------------------------------------------------

PACKAGES_PROGRAM   := libcurl libcrypto libarchive libsolv libsolvext libzstd yaml-0.1 jansson \
	libseccomp
PACKAGES_NAMESPACE := libcrypto libarchive libzstd jansson libseccomp
PACKAGES_GUESTFS   := libcrypto libarchive jansson libguestfs

# Asked at first use, which is after deps-build has installed pkg-config and the libraries.
once = $(eval $(1) := $(2))$($(1))
PKG_CFLAGS     = $(call once,PKG_CFLAGS,$(shell pkg-config --cflags $(PACKAGES_PROGRAM)))
PROGRAM_LIBS   = $(call once,PROGRAM_LIBS,$(shell pkg-config --libs $(PACKAGES_PROGRAM)))
NAMESPACE_LIBS = $(call once,NAMESPACE_LIBS,$(shell pkg-config --libs $(PACKAGES_NAMESPACE)))
GUESTFS_LIBS   = $(call once,GUESTFS_LIBS,$(shell pkg-config --libs $(PACKAGES_GUESTFS)))

WARNINGS := -Wall -Wextra -Wformat=2 -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wcast-qual -Wundef -Wimplicit-fallthrough -Wswitch-enum \
	-Wconversion -Wno-sign-conversion $(if $(filter 1,$(WERROR)),-Werror)

release_CFLAGS  := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fPIE -fstack-protector-strong \
	-fstack-clash-protection $(if $(filter x86_64 i%86,$(shell uname -m)),-fcf-protection)
release_LDFLAGS := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
asan_CFLAGS     := -O1 -g -fPIE -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
asan_LDFLAGS    := -pie -fsanitize=address,undefined
ifeq ($($(FLAVOUR)_CFLAGS),)
$(error FLAVOUR is 'release' or 'asan', not '$(FLAVOUR)')
endif

# The path of the checkout must not reach the binary: same source, same bytes.
COMPILE = $(CC) -std=gnu17 -D_GNU_SOURCE -Ibuilder $(WARNINGS) $($(FLAVOUR)_CFLAGS) \
	-ffile-prefix-map=$(CURDIR)=. $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $($(FLAVOUR)_CFLAGS) $(CFLAGS) $($(FLAVOUR)_LDFLAGS) -Wl,--as-needed $(LDFLAGS)

# ---- targets -----------------------------------------------------------------------------------

## Targets:

.PHONY: all
all: $(OBJECTS) $(PROGRAMS) ## build the programs (default)

.PHONY: objects
objects: $(OBJECTS) $(patsubst tests/unit/%.c,$(OBJ)/tests/%.o,$(UNIT_SOURCES))

.PHONY: image
image: deps-build all ## install what is missing, build the builder, then the image of RECIPE
	$(BIN)/netrescue build $(RECIPE) --out out

CHECK_TESTS = $(UNIT_TESTS) $(sort $(wildcard tests/cases/*.t tests/cli/*.t tests/integration/*.t))
REAL_TESTS  = $(sort $(wildcard tests/lint/*.t tests/real/*.t tests/boot/*.t))
MATRIX_TESTS = $(sort $(wildcard tests/matrix/*.t))
# A short form for `make test` says "# Whole: tests/matrix/NAME.t", and test-all runs the whole test alone.
WITNESSES = $(shell grep -l '^\# Whole: ' $(REAL_TESTS))

# Tests find the programs and the helper by these.
export NETRESCUE      := $(CURDIR)/$(BIN)/netrescue
export NETRESCUE_BIN  := $(CURDIR)/$(BIN)
export CMOCKA_MESSAGE_OUTPUT := TAP
PROVE = prove # .proverc has its options
# The quick ones share the processors; those on the real mirror and the boot want them for themselves.
JOBS = -j $$(nproc)

.PHONY: unit
unit: $(UNIT_TESTS) ## the unit tests only
	$(PROVE) $(UNIT_TESTS)

.PHONY: test-programs
test-programs: all $(UNIT_TESTS) $(TOOLS) ## what the tests run; then `prove tests/integration/lock.t` runs one of them

.PHONY: check
check: test-programs ## quick tests: no network beyond loopback
	$(PROVE) $(JOBS) --timer $(CHECK_TESTS)

.PHONY: test
test: deps-build deps-test all $(UNIT_TESTS) $(TOOLS) ## everything above, then the real mirror and the boot; prints the cost per file
	$(PROVE) $(JOBS) --timer $(CHECK_TESTS)
	$(PROVE) --timer $(REAL_TESTS)

.PHONY: test-all
test-all: deps-build deps-test deps-matrix all $(UNIT_TESTS) $(TOOLS) ## test with every case, and the matrix; keeps the report in out/test-all.txt
	export NETRESCUE_TEST_ALL=1; failed=0; { \
		$(PROVE) $(JOBS) --timer $(CHECK_TESTS) || failed=1; \
		$(PROVE) --timer $(filter-out $(WITNESSES),$(REAL_TESTS)) $(MATRIX_TESTS) || failed=1; \
		exit $$failed; } 2>&1 | tee out/test-all.txt

.PHONY: bench
bench: all $(TOOLS) ## the comparisons with other builders, of a boot with one of a tree made by hand, of the sandboxes
	tests/bench/run
	tests/bench/boot
	tests/bench/sandbox

.PHONY: lint
lint: ## form: clang-format, include direction, shellcheck, banned functions, sizes
	$(PROVE) $(sort $(wildcard tests/lint/*.t))

ANALYZE = -std=gnu17 -D_GNU_SOURCE -Ibuilder $(PKG_CFLAGS) $(WARNINGS)
# unix.Malloc misreads cleanup attributes; valist.Uninitialized misreads a va_list that is a parameter.
TIDY_CHECKS := -*,bugprone-*,clang-analyzer-*,-clang-analyzer-unix.Malloc,\
-clang-analyzer-valist.Uninitialized,\
-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,\
-bugprone-easily-swappable-parameters,-bugprone-assignment-in-if-condition,\
-bugprone-reserved-identifier
.PHONY: analyze
analyze: ## gcc -fanalyzer and clang-tidy over all sources
	$(Q)for file in $(SOURCES); do \
		echo "  ANALYZE  $$file"; \
		gcc $(ANALYZE) -O1 -fanalyzer -Werror -c -o /dev/null "$$file"; \
	done
	$(Q)clang-tidy --quiet --warnings-as-errors='*' \
		--checks='$(subst $() ,,$(TIDY_CHECKS))' \
		$(SOURCES) -- $(ANALYZE)

# Recipes name overlays beside their folder; `netrescue boot` looks for its file server's here.
SHARE = $(PREFIX)/share/netrescue

.PHONY: install
install: all ## install the programs, recipes and overlays below PREFIX
	install -D -m 0755 $(BIN)/netrescue $(DESTDIR)$(PREFIX)/bin/netrescue
	install -D -m 0755 $(BIN)/sandbox-namespace \
		$(DESTDIR)$(PREFIX)/libexec/netrescue/sandbox-namespace
	$(if $(GUESTFS),install -m 0755 $(BIN)/sandbox-guestfs \
		$(DESTDIR)$(PREFIX)/libexec/netrescue/sandbox-guestfs)
	rm -rf $(DESTDIR)$(SHARE)
	install -d $(DESTDIR)$(SHARE)
	cp -R --no-dereference recipes overlays $(DESTDIR)$(SHARE)
	chmod -R u+w,go-w,a+rX $(DESTDIR)$(SHARE)

.PHONY: clean
clean: ## remove everything that was built, images included
	rm -rf out

.PHONY: help
help: ## this list
	@sed -n -e 's/^## \{0,1\}//p' \
		-e 's/^\([a-z-]*\):.* ## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
		expand -t 16

# ---- what must be installed --------------------------------------------------------------------

BUILD_PACKAGES := gcc libc6-dev make pkg-config libcurl4-openssl-dev libssl-dev libarchive-dev \
	libsolv-dev libsolvext-dev libzstd-dev libyaml-dev libjansson-dev libseccomp-dev uidmap gpgv \
	debian-archive-keyring ca-certificates
TEST_PACKAGES := libcmocka-dev adduser gnupg mmdebstrap qemu-system-x86 ipxe-qemu seabios python3-minimal \
	python3 dpkg-dev shellcheck clang clang-format clang-tidy zstd attr acl libcap2-bin sudo perl \
	xz-utils fakeroot file binutils iproute2 curl jq grub-common e2fsprogs openssh-client buildah \
	libguestfs-dev python3-jsonschema
MATRIX_PACKAGES := podman runc

# $(1): words for people, $(2): packages. A package counts as installed under its own name or when
# something installed provides it (pkgconf provides pkg-config in some releases).
define install_missing
	@command -v dpkg-query >/dev/null || { \
		echo "make: this is not a Debian system; install the equivalents of: $(2)" >&2; exit 1; }; \
	missing=(); \
	installed=" $$(dpkg-query -W -f '$${db:Status-Status} $${Package} $${Provides}\n' | \
		sed -n 's/^installed //p' | sed 's/([^)]*)//g; s/,/ /g' | tr '\n' ' ') "; \
	for package in $(2); do \
		[[ "$$installed" == *" $$package "* ]] || missing+=("$$package"); \
	done; \
	(($${#missing[@]})) || exit 0; \
	echo "Installing what $(1) needs: $${missing[*]}"; \
	as_root=(); \
	if (($$(id -u) != 0)); then as_root=(sudo); fi; \
	say_how() { \
		echo "make: could not install them. As root, run:" >&2; \
		echo "    apt-get update && apt-get install --no-install-recommends $${missing[*]}" >&2; \
		exit 1; \
	}; \
	(($${#as_root[@]} == 0)) || command -v sudo >/dev/null || say_how; \
	"$${as_root[@]}" apt-get -q update || say_how; \
	"$${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "$${missing[@]}" || say_how
endef

.PHONY: deps-build
deps-build: ## install, by apt-get, what building and running needs
	$(call install_missing,building,$(BUILD_PACKAGES))

.PHONY: deps-test
deps-test: ## install, by apt-get, what the tests need
	$(call install_missing,testing,$(TEST_PACKAGES))

.PHONY: deps-matrix
deps-matrix: deps-test ## install, by apt-get, what the matrix needs besides
	$(call install_missing,testing in all ways,$(MATRIX_PACKAGES))

.PHONY: print-build-packages
print-build-packages: # for tests that build elsewhere
	@echo $(BUILD_PACKAGES)

# ---- rules -------------------------------------------------------------------------------------

# Goals that install first must not compile before; two apt-get at once would wait for one another.
ifneq ($(filter image test test-all,$(MAKECMDGOALS)),)
INSTALLED := deps-build $(if $(filter test test-all,$(MAKECMDGOALS)),deps-test) \
	$(if $(filter test-all,$(MAKECMDGOALS)),deps-matrix)
endif
deps-test: | deps-build

# Rewritten only when the command line differs from the last one: then all objects are older.
STAMP := $(OBJ)/flags
FLAGS  = $(COMPILE) $(PKG_CFLAGS) | $(LINK) | $(PROGRAM_LIBS) | $(NAMESPACE_LIBS)
.PHONY: FORCE
FORCE:
$(STAMP): FORCE | $(INSTALLED)
	@mkdir -p $(@D)
	@printf '%s\n' '$(FLAGS)' | cmp -s - $@ || printf '%s\n' '$(FLAGS)' > $@

# The same for the list of sources: when a file goes, what held its object is linked anew.
SOURCES_STAMP := $(OBJ)/sources
$(SOURCES_STAMP): FORCE
	@mkdir -p $(@D)
	@echo '$(SOURCES)' | cmp -s - $@ || echo '$(SOURCES)' > $@

$(OBJ)/%.o: builder/%.c $(STAMP)
	@mkdir -p $(@D)
	@$(if $(Q),echo "  CC       $<")
	$(Q)$(COMPILE) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/tests/%.o: tests/unit/%.c $(STAMP)
	@mkdir -p $(@D)
	@$(if $(Q),echo "  CC       $<")
	$(Q)$(COMPILE) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/tests/%.o: tests/tools/%.c $(STAMP)
	@mkdir -p $(@D)
	@$(if $(Q),echo "  CC       $<")
	$(Q)$(COMPILE) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

$(BIN)/netrescue: $(PROGRAM_OBJECTS) $(STAMP) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	@$(if $(Q),echo "  LINK     $@")
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(PROGRAM_LIBS)

$(BIN)/sandbox-namespace: $(NAMESPACE_OBJS) $(SHARED_LIBRARY) $(STAMP)
	@mkdir -p $(@D)
	@$(if $(Q),echo "  LINK     $@")
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(NAMESPACE_LIBS)

$(BIN)/sandbox-guestfs: $(GUESTFS_OBJS) $(SHARED_LIBRARY) $(STAMP)
	@mkdir -p $(@D)
	@$(if $(Q),echo "  LINK     $@")
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(GUESTFS_LIBS)

# Archives, so that a helper or a test links only what it uses.
$(SHARED_LIBRARY): $(SHARED_OBJECTS) $(SOURCES_STAMP)
	@rm -f $@
	$(Q)ar rcsD $@ $(filter %.o,$^)

$(LIBRARY): $(LIBRARY_OBJECTS) $(SOURCES_STAMP)
	@rm -f $@
	$(Q)ar rcsD $@ $(filter %.o,$^)

$(BIN)/tests/%: $(OBJ)/tests/%.o $(LIBRARY) $(STAMP)
	@mkdir -p $(@D)
	@$(if $(Q),echo "  LINK     $@")
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(PROGRAM_LIBS) -lcmocka

.SECONDARY: $(patsubst tests/unit/%.c,$(OBJ)/tests/%.o,$(UNIT_SOURCES)) \
	$(patsubst tests/tools/%.c,$(OBJ)/tests/%.o,$(TOOL_SOURCES))
# Making a source that is gone is no error: its object is made anew without it.
-include $(OBJECTS:.o=.d) $(patsubst tests/unit/%.c,$(OBJ)/tests/%.d,$(UNIT_SOURCES)) \
	$(patsubst tests/tools/%.c,$(OBJ)/tests/%.d,$(TOOL_SOURCES))
