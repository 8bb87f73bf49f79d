/* SPDX-License-Identifier: MIT */
#include "command/manual.h"

#include "base/memory.h"
#include "base/netrescue.h"
#include "base/troff.h"
#include "command/help.h"

struct entry {
	const char *tag, *text;
};

static const char description[] =
	"netrescue turns a recipe, a YAML file, into a Debian rescue system that boots over the "
	"network: a TFTP tree with boot loaders, menus, kernel and initramfs, a root file system "
	"to be exported by NFS, and the snippets of configuration that a stock Debian server (ISC "
	"dhcpd, tftpd-hpa, the kernel's NFS server) needs to serve them.\n\n"
	"Packages come from a Debian mirror and are checked against Debian's signatures. They are "
	"chosen as apt would choose them, installed by the image's own dpkg in a sandbox that has "
	"no network and cannot reach your files, and brought into a form that does not depend on "
	"the machine: the same lock gives the same bytes, whoever builds, wherever, whenever. It "
	"takes no privileges, as an ordinary user has a range of subordinate ids (subuid(5)); "
	"where there are no user namespaces, a libguestfs appliance is the sandbox.\n\n"
	"What is being done is said on standard error. Standard output has the result alone: the "
	"directory that was built, a lock, the differences, or with --json one JSON object a line.";

static const char recipes[] =
	"A recipe says what is different from a default. This one is the shipped rescue system "
	"with a package more, a package less and a key that may log in:";

static const char recipe_example[] = "extends: rescue64.yaml\n"
				     "name: siterescue\n"
				     "packages: [tcpdump, -testdisk]\n"
				     "root:\n"
				     "  authorized-keys: [admin.pub]\n";

static const char recipes_more[] =
	"Where a verb takes a RECIPE, that is the path of a file, or the name of one that comes "
	"with netrescue, without its folder and its .yaml; a file of that name in the working "
	"directory comes first. (What `extends` names is always a path, seen from the recipe that "
	"says it.) `netrescue recipe-help --example` writes a recipe with every key. "
	"netrescue-recipe(5) explains them all.";

static const struct entry files[] = {
	{ "out/RECIPE/VERSION",
	  "A result: rootfs.tar.zst, tftp/, server/, RECIPE.lock, "
	  "manifest.json, sbom.spdx.json, sbom.cdx.json, SHA256SUMS and "
	  "provenance.json. VERSION is the date of the newest package and the "
	  "beginning of the lock's digest. It appears whole or not at all." },
	{ "out/RECIPE/latest", "A link to the newest result." },
	{ "out/RECIPE/VERSION.differs",
	  "What `build --no-cache` made when it was not what is there already; a bug." },
	{ "recipes/NAME.yaml", "Where `verify` looks for the recipe of a result first." },
	{ "PREFIX/share/netrescue/recipes, PREFIX/share/netrescue/overlays",
	  "The recipes that come with netrescue, and the overlays that they name. A program that "
	  "lies in its checkout, in out/bin, takes those of the checkout." },
	{ "PREFIX/libexec/netrescue/sandbox-namespace, PREFIX/libexec/netrescue/sandbox-guestfs",
	  "The helper programs in which packages are installed." },
	{ "~/.cache/netrescue",
	  "The store: packages and indices by their SHA-256 (sha256/), what was computed from them "
	  "(known/), full logs of builds (log/RECIPE-VERSION.log), trees under construction where "
	  "memory is short (tree/), downloads under way (partial/), and the file server of `boot` "
	  "(lab/). Any number of builds may use it at once. All of it can be fetched or made "
	  "again; `netrescue gc` removes what no result needs." },
	{ "~/.local/state/netrescue/store-key",
	  "The key of the store, made when it is first needed. What was computed is believed only "
	  "with a mark by this key, so whoever else fills the store, as a cache or a copy, costs "
	  "time and decides nothing. Without it all of that is computed again." },
	{ "/etc/apt/sources.list, /etc/apt/sources.list.d",
	  "Which Debian mirror this machine uses, if --mirror does not say. They are only read." },
	{ "/usr/share/keyrings/debian-archive-keyring.gpg",
	  "Whose signatures of the archive are believed, if --keyring does not say." },
	{ "/etc/subuid, /etc/subgid",
	  "The range of ids that an ordinary user needs for the namespace sandbox (65,536 of "
	  "them)." },
	{ "/dev/kvm", "Makes `boot` and the guestfs sandbox many times as fast, where it works." },
};

static const struct entry environment[] = {
	{ "NETRESCUE_STORE", "The store, where --store does not name one. It has to be your own, "
			     "or root's, on a file system of Unix." },
	{ "XDG_CACHE_HOME, HOME",
	  "Without NETRESCUE_STORE the store is $XDG_CACHE_HOME/netrescue, else "
	  "~/.cache/netrescue." },
	{ "NETRESCUE_STORE_KEY",
	  "A file with the store's key, 64 hex digits as `openssl rand -hex 32` prints them, in "
	  "place of the one in the home directory: for CI jobs, which have no home that lasts." },
	{ "XDG_STATE_HOME",
	  "The store's key is $XDG_STATE_HOME/netrescue/store-key, if it is set." },
	{ "NETRESCUE_TREE", "`disk`: the tree lies in the store's file system while it is built, "
			    "even if memory would hold it." },
	{ "NETRESCUE_SANDBOX_PROCESSES, NETRESCUE_SANDBOX_FILES",
	  "How many processes scripts may have at a time, and how many files a tree in memory, "
	  "instead of the numbers in docs/sandbox.md." },
	{ "NETRESCUE_SANDBOX_SILENCE",
	  "How long a script may say nothing until a warning names it (default: 5m)." },
	{ "NETRESCUE_LIBEXEC", "The directory of the helper programs, instead of those beside the "
			       "program and in PREFIX/libexec/netrescue." },
	{ "NETRESCUE_APPLIANCE_SECONDS",
	  "After how many seconds without progress the launch of a guestfs appliance is given up "
	  "(default: 600)." },
	{ "NETRESCUE_APPLIANCE_QEMU", "Options of QEMU for the guestfs appliance, for tests: `-cpu "
				      "max,aes=off`." },
	{ "LIBGUESTFS_BACKEND_SETTINGS",
	  "`force_tcg`: the guestfs appliance is emulated, even if KVM works." },
	{ "LIBGUESTFS_PATH, LIBGUESTFS_HV, LIBGUESTFS_CACHEDIR, SUPERMIN_KERNEL, "
	  "SUPERMIN_KERNEL_VERSION, SUPERMIN_MODULES",
	  "As guestfs(3) and supermin(1) have them; the helper gets all variables that begin with "
	  "LIBGUESTFS_ and SUPERMIN_." },
	{ "APT_CONFIG",
	  "One more file of apt's configuration, as for apt(8): its proxy, certificates, "
	  "passwords and Acquire::http::Timeout are used." },
	{ "http_proxy, https_proxy, all_proxy, no_proxy",
	  "Proxies for downloads, as curl(1) has them. If apt's configuration names one in "
	  "Acquire::http::Proxy, that one is used." },
	{ "PWD",
	  "The shell's name of the working directory. If links lead there, a recipe may go through "
	  "them to what it may read." },
	{ "TMPDIR", "Where sockets and logs of `boot`, the rebuild of `verify` and small private "
		    "files go (default: /tmp). It has to be your own, or root's; if others may "
		    "write to it, it needs the sticky bit." },
	{ "PATH", "Where gpgv, QEMU, ssh-keygen, gpg, newuidmap and newgidmap are found." },
	{ "NO_COLOR, TERM", "If NO_COLOR is set or TERM is `dumb`, there are no colours; with the "
			    "latter, no line that is drawn again, either." },
	{ "DISPLAY, WAYLAND_DISPLAY", "If one is set, `boot` opens a window." },
	{ "USER, SSH_AUTH_SOCK, SSH_ASKPASS, GNUPGHOME, GPG_TTY, XDG_RUNTIME_DIR",
	  "Reach the ssh-keygen or gpg that signs for `build --sign`, as do DISPLAY, HOME, PATH "
	  "and TERM." },
};

static const char environment_more[] =
	"Nothing of this, and no other variable, changes the bytes of a result. SOURCE_DATE_EPOCH "
	"is not read: it follows from the lock.";

static const struct entry examples[] = {
	{ "netrescue build rescue64", "Build the rescue system that comes with netrescue; the "
				      "result's directory is printed." },
	{ "netrescue boot out/rescue64/latest",
	  "Boot it here, from a server in a virtual machine of its own." },
	{ "netrescue lock rescue64 > rescue64.lock\n"
	  "netrescue build --lock rescue64.lock rescue64",
	  "Fix what is in it, and build exactly that, today and in years." },
	{ "netrescue lock --keep rescue64.lock --update openssl rescue64 > new.lock\n"
	  "netrescue diff rescue64.lock new.lock",
	  "Move one package, and see what that brings along." },
	{ "netrescue build --sign ~/.ssh/id_ed25519 rescue64\n"
	  "netrescue verify --signed-by ~/.ssh/id_ed25519.pub out/rescue64/latest",
	  "Say whose the result is; check that, and that the lock gives these bytes." },
	{ "netrescue store export rescue64.lock rescue64.tar.zst\n"
	  "netrescue store import rescue64.tar.zst\n"
	  "netrescue build --offline --lock rescue64.lock rescue64",
	  "Keep all packages; bring them to another machine; build there without any network." },
	{ "cd out/rescue64/latest\n"
	  "rsync -rlt --chmod=D755,F644 tftp/ root@192.168.1.1:/srv/pxe/tftp/",
	  "Bring it to a server; server/README has all steps." },
};

static const char bugs[] =
	"A recipe builds for amd64 only.\n\n"
	"If two builds of one lock differ, that is a bug: please report it, with both "
	"manifest.json and what `netrescue verify` says. Other reports are best with the output of "
	"`netrescue version` and the log that the error names.";

static void put_entries(const struct entry *entry, size_t count, FILE *to)
{
	for (size_t i = 0; i < count; i++) {
		troff_tag(entry[i].tag, to);
		troff_text(entry[i].text, to);
	}
}

static void put_section(const char *name, FILE *to)
{
	fprintf(to, ".SH %s\n", name);
}

static void put_synopsis(const struct verb *const *verbs, FILE *to)
{
	put_section("SYNOPSIS", to);
	for (const struct verb *const *v = verbs; *v; v++) {
		if ((*v)->hidden)
			continue;
		fprintf(to, "\\fBnetrescue\\fR \\fB");
		troff_put((*v)->name, to);
		fputs("\\fR [\\fIOPTION\\fR]...", to);
		fputs(*(*v)->arguments ? " " : "", to);
		troff_put((*v)->arguments, to);
		fputs("\n.br\n", to);
	}
	fputs("\\fBnetrescue\\fR [\\fIVERB\\fR] \\fB\\-\\-help\\fR\n", to);
}

static void put_option(const struct option_row *row, FILE *to)
{
	if (row->kind == OPTION_GROUP) {
		fputs(".PP\n\\fI", to);
		troff_put(row->help, to);
		fputs("\\fR\n", to);
		return;
	}
	fputs(".TP\n", to);
	if (row->letter)
		fprintf(to, "\\fB\\-%c\\fR, ", row->letter);
	fputs("\\fB\\-\\-", to);
	troff_put(row->name, to);
	fputs("\\fR", to);
	if (row->argument) {
		fputs(" \\fI", to);
		troff_put(row->argument, to);
		fputs("\\fR", to);
	}
	fputs("\n", to);
	troff_text(row->help, to);
}

static void put_verb(const struct verb *verb, FILE *to)
{
	fputs(".SS \"netrescue ", to);
	troff_put(verb->name, to);
	fputs(*verb->arguments ? " " : "", to);
	troff_put(verb->arguments, to);
	fputs("\"\n", to);
	troff_text(verb->description, to);
	for (const struct option_row *row = NULL; (row = option_next(verb, row));)
		put_option(row, to);
	for (const struct example *e = verb->example; e && e->command; e++) {
		cleanup_free char *command = xasprintf("netrescue %s", e->command);

		fputs(e == verb->example ? ".PP\nExamples:\n.PP\n" : ".PP\n", to);
		troff_verbatim(command, to);
		fputs(".RS 8\n", to);
		troff_text(e->what, to);
		fputs(".RE\n", to);
	}
}

static void put_exit_codes(FILE *to)
{
	put_section("EXIT STATUS", to);
	for (const struct exit_code *e = exit_codes; e->code; e++) {
		troff_tag(e->code, to);
		troff_text(e->meaning, to);
	}
}

static void put_examples(FILE *to)
{
	put_section("EXAMPLES", to);
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		fputs(i > 0 ? ".PP\n" : "", to);
		troff_text(examples[i].text, to);
		fputs(".PP\n", to);
		troff_verbatim(examples[i].tag, to);
	}
}

void manual_print(const struct verb *const *verbs, FILE *to)
{
	fputs(".TH NETRESCUE 1 " NETRESCUE_DATE " \"netrescue " NETRESCUE_VERSION "\" netrescue\n",
	      to);
	put_section("NAME", to);
	fputs("netrescue \\- build Debian rescue systems that boot over the network\n", to);
	put_synopsis(verbs, to);
	put_section("DESCRIPTION", to);
	troff_text(description, to);
	put_section("VERBS", to);
	for (const struct verb *const *v = verbs; *v; v++)
		if (!(*v)->hidden)
			put_verb(*v, to);
	put_section("RECIPES", to);
	troff_text(recipes, to);
	fputs(".PP\n", to);
	troff_verbatim(recipe_example, to);
	fputs(".PP\n", to);
	troff_text(recipes_more, to);
	put_section("FILES", to);
	put_entries(files, ARRAY_SIZE(files), to);
	put_section("ENVIRONMENT", to);
	put_entries(environment, ARRAY_SIZE(environment), to);
	fputs(".PP\n", to);
	troff_text(environment_more, to);
	put_exit_codes(to);
	put_examples(to);
	put_section("BUGS", to);
	troff_text(bugs, to);
	put_section("SEE ALSO", to);
	fputs(".BR netrescue\\-recipe (5),\n.BR mmdebstrap (1),\n.BR qemu\\-system\\-x86_64 (1),\n"
	      ".BR apt\\-secure (8),\n.BR guestfs (3),\n.BR user_namespaces (7)\n",
	      to);
}
