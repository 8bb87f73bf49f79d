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
##   ARGS=                  more options for its build, such as --allow PATH
##   FLAVOUR=release|asan   hardened and optimised, or with address and undefined-behaviour sanitizers
##   WERROR=1               warnings are errors
##   V=1                    show every command
##   SECONDS=60 FUZZ="NAME …"  for how long, and which targets, `make fuzz` runs
##   CC=clang               another compiler
##   PREFIX= DESTDIR=       where `make install` installs to (/usr/local)
##   MANDIR= DOCDIR= BASHCOMPDIR= ZSHCOMPDIR=
##                          where it puts manual pages, documentation and completions (below PREFIX/share)
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
# So are the unit tests where cmocka is.
ifneq ($(filter test test-all,$(MAKECMDGOALS)),)
GUESTFS := 1
CMOCKA  := 1
else
GUESTFS := $(shell pkg-config --exists libguestfs 2>/dev/null && echo 1)
CMOCKA  := $(shell pkg-config --exists cmocka 2>/dev/null && echo 1)
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
# The unit tests also have what of sandbox-guestfs reads the appliance's bytes, which needs no libguestfs.
RELAY           := builder/sandbox/guestfs/guestfs-relay.c
LIBRARY_OBJECTS := $(call object,$(filter-out $(MAINS) $(GUESTFS_ONLY),$(SOURCES)) $(RELAY))
LIBRARY         := $(OBJ)/library.a
PROGRAM_OBJECTS := $(call object,$(filter-out $(NAMESPACE_ONLY) $(GUESTFS_ONLY),$(SOURCES)))

# A program appears as soon as its main() does.
PROGRAMS := $(if $(wildcard $(PROGRAM_MAIN)),$(BIN)/netrescue) \
	$(if $(wildcard $(NAMESPACE_MAIN)),$(BIN)/sandbox-namespace) \
	$(if $(GUESTFS),$(BIN)/sandbox-guestfs)

# What the program says of itself, as files that man(1) and the shells read.
MANUALS     := $(addprefix $(BIN)/share/man/,man1/netrescue.1 man5/netrescue-recipe.5)
COMPLETIONS := $(addprefix $(BIN)/share/,bash-completion/completions/netrescue zsh/site-functions/_netrescue)

UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS   := $(patsubst tests/unit/%.c,$(BIN)/tests/%,$(UNIT_SOURCES))
# Programs that shell tests run.
TOOL_SOURCES := $(sort $(wildcard tests/tools/*.c))
TOOLS        := $(patsubst tests/tools/%.c,$(BIN)/tests/%,$(TOOL_SOURCES))

# Fuzz targets, tests/fuzz/README.md. libFuzzer is clang's, and the program is compiled once more for them; of
# sandbox-guestfs they have what does without libguestfs.
FUZZ         ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_OBJ     := out/obj/fuzz
FUZZ_TARGETS  = $(addprefix out/fuzz/,$(FUZZ))
FUZZ_SOURCES := $(filter-out $(MAINS) $(GUESTFS_ONLY),$(sort $(wildcard builder/*/*.c builder/*/*/*.c))) \
	builder/sandbox/guestfs/guestfs-relay.c
FUZZ_OBJECTS := $(patsubst builder/%.c,$(FUZZ_OBJ)/%.o,$(FUZZ_SOURCES))
FUZZ_LIBRARY := $(FUZZ_OBJ)/library.a

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

FUZZ_FLAGS   := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
FUZZ_COMPILE  = clang -std=gnu17 -D_GNU_SOURCE -Ibuilder $(WARNINGS) $(FUZZ_FLAGS)
FUZZ_LINK     = clang $(FUZZ_FLAGS) -fsanitize=fuzzer -Wl,--as-needed

# ---- targets -----------------------------------------------------------------------------------

##
## Building:

.PHONY: all
all: $(OBJECTS) $(PROGRAMS) $(MANUALS) $(COMPLETIONS) $(OBJ)/built ## build the programs (default)

.PHONY: objects
objects: $(OBJECTS) $(patsubst tests/unit/%.c,$(OBJ)/tests/%.o,$(UNIT_SOURCES))

.PHONY: image
image: deps-build all ## install what is missing, build the builder, then the image of RECIPE
	$(BIN)/netrescue build $(RECIPE) --out out $(ARGS)

.PHONY: deb
deb: deps-build deps-deb ## build the Debian packages netrescue and netrescue-guestfs into out/deb
	$(Q)rm -rf out/deb && mkdir -p out/deb/src
	$(Q)git ls-files -z | tar --null -T - -cf - | tar -C out/deb/src -xf -
	$(Q)cd out/deb/src && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc -b
	$(Q)rm -rf out/deb/src
	$(Q)ls out/deb/*.deb

.PHONY: clean
clean: ## remove everything that was built, images included
	rm -rf out

.PHONY: help
help: ## this list
	@sed -n -e 's/^## \{0,1\}//p' \
		-e 's/^\([a-z-]*\):.* ## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
		expand -t 18

##
## Testing:

# `make check` needs nothing but what building needs: a test that needs more skips itself and says what it
# misses. The unit tests cannot, as cmocka is what they are linked with.
CHECK_UNIT_TESTS = $(if $(CMOCKA),$(UNIT_TESTS))
CHECK_TESTS = $(CHECK_UNIT_TESTS) $(sort $(wildcard tests/cases/*.t tests/cli/*.t tests/integration/*.t))
REAL_TESTS  = $(sort $(wildcard tests/lint/*.t tests/fuzz/*.t tests/real/*.t tests/boot/*.t))
MATRIX_TESTS = $(sort $(wildcard tests/matrix/*.t))
# A short form for `make test` says "# Whole: tests/matrix/NAME.t", and test-all runs the whole test alone.
WITNESSES = $(shell grep -l '^\# Whole: ' $(REAL_TESTS))

# Tests find the programs and the helper by these.
export NETRESCUE      := $(CURDIR)/$(BIN)/netrescue
export NETRESCUE_BIN  := $(CURDIR)/$(BIN)
export CMOCKA_MESSAGE_OUTPUT := TAP
# Images that several tests look at are built once in a run: tests/lib/image.sh.
TEST_IMAGES := out/test-images
test test-all: export NETRESCUE_TEST_IMAGES := $(CURDIR)/$(TEST_IMAGES)
PROVE = prove # .proverc has its options
# The quick tests wait for time to pass, or for the disk, about as long as they use a processor. Those on the real
# mirror or with a boot do not, and take up to two gigabytes of memory each; a guest that gets too little of a
# processor gives up by itself. The costliest come first, so that none of them is the last alone.
JOBS = -j $$(($$(nproc) * 2))
REAL_JOBS = -j $$(awk -v most=$$(nproc) '/^MemTotal:/ { n = int($$2 / 2500000); print (n < 1 ? 1 : n > most ? most : n) }' /proc/meminfo)
longest_first = $$(tests/costs --longest-first $(1))

.PHONY: unit
unit: $(CHECK_UNIT_TESTS) ## the unit tests only
	$(if $(CMOCKA),,@echo "make: the unit tests need libcmocka-dev (make deps-test)" >&2; exit 1)
	$(PROVE) $(JOBS) $(UNIT_TESTS)

.PHONY: test-programs
test-programs: all $(CHECK_UNIT_TESTS) $(TOOLS) ## what the tests run; then `prove tests/integration/lock.t` runs one of them

.PHONY: check
check: test-programs ## quick tests: no network beyond loopback, no package beyond what building needs
	$(if $(CMOCKA),,@echo '# SKIP the unit tests: they need libcmocka-dev (make deps-test)')
	$(PROVE) $(JOBS) --timer $(call longest_first,$(CHECK_TESTS))

.PHONY: test
test: deps-build deps-test all $(UNIT_TESTS) $(TOOLS) $(FUZZ_TARGETS) ## everything above, then the fuzz targets, the real mirror and the boot; prints the cost per file
	rm -rf $(TEST_IMAGES)
	$(PROVE) $(JOBS) --timer $(call longest_first,$(CHECK_TESTS))
	$(PROVE) $(REAL_JOBS) --timer $(call longest_first,$(REAL_TESTS))
	rm -rf $(TEST_IMAGES)

.PHONY: test-all
test-all: deps-build deps-test deps-matrix all $(UNIT_TESTS) $(TOOLS) $(FUZZ_TARGETS) ## test with every case, the matrix, and check with sanitizers; keeps the report in out/test-all.txt
	rm -rf $(TEST_IMAGES)
	export NETRESCUE_TEST_ALL=1; failed=0; { \
		$(PROVE) $(JOBS) --timer $(call longest_first,$(CHECK_TESTS)) || failed=1; \
		$(PROVE) $(REAL_JOBS) --timer $(call longest_first,$(filter-out $(WITNESSES),$(REAL_TESTS))) || failed=1; \
		$(PROVE) --timer $(MATRIX_TESTS) || failed=1; \
		$(MAKE) FLAVOUR=asan check || failed=1; \
		exit $$failed; } 2>&1 | tee out/test-all.txt

SECONDS ?= 60
.PHONY: fuzz
fuzz: $(FUZZ_TARGETS) ## run each fuzz target for SECONDS; what it finds is kept in out/fuzz/found
	tests/fuzz/run $(SECONDS) $(FUZZ_TARGETS)

# All parts, unless BENCH names some: cases, resolve, jobs, growth, boot, sandbox. ROUNDS says how often each is done.
BENCH ?=
.PHONY: bench
bench: deps-build deps-bench all $(TOOLS) ## measure beside other builders, as root; docs/performance.md says how to run parts
	tests/bench/run $(if $(QUICK),--quick) $(BENCH)

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

##
## Installing:

# The program looks for its helpers and its recipes from where it lies itself (sandbox/sandbox-open.c,
# command/shipped.c), and recipes name overlays beside their folder: so these are not for others to set.
BINDIR  = $(PREFIX)/bin
LIBEXEC = $(PREFIX)/libexec/netrescue
SHARE   = $(PREFIX)/share/netrescue

MANDIR      ?= $(PREFIX)/share/man
DOCDIR      ?= $(PREFIX)/share/doc/netrescue
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
# Below /usr Debian's zsh leaves site-functions to the administrator.
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)

.PHONY: install
install: install-program install-doc ## install all of the following below PREFIX

.PHONY: install-program
install-program: all ## the programs, recipes, overlays, manual pages and completions
	install -D -m 0755 $(BIN)/netrescue $(DESTDIR)$(BINDIR)/netrescue
	install -D -m 0755 $(BIN)/sandbox-namespace $(DESTDIR)$(LIBEXEC)/sandbox-namespace
	$(if $(GUESTFS),install -m 0755 $(BIN)/sandbox-guestfs $(DESTDIR)$(LIBEXEC)/sandbox-guestfs)
	rm -rf $(DESTDIR)$(SHARE)
	install -d $(DESTDIR)$(SHARE)
	cp -R --no-dereference recipes overlays $(DESTDIR)$(SHARE)
	chmod -R u+w,go-w,a+rX $(DESTDIR)$(SHARE)
	install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man1 $(BIN)/share/man/man1/netrescue.1
	install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man5 $(BIN)/share/man/man5/netrescue-recipe.5
	install -D -m 0644 -t $(DESTDIR)$(BASHCOMPDIR) $(BIN)/share/bash-completion/completions/netrescue
	install -D -m 0644 -t $(DESTDIR)$(ZSHCOMPDIR) $(BIN)/share/zsh/site-functions/_netrescue

# Pages link to one another by relative paths: they are laid out as they are here.
.PHONY: install-doc
install-doc: ## the documentation
	install -D -m 0644 -t $(DESTDIR)$(DOCDIR) LICENSE $(wildcard *.md)
	install -D -m 0644 -t $(DESTDIR)$(DOCDIR)/docs $(wildcard docs/*.md docs/*.svg docs/*.png)

.PHONY: uninstall
uninstall: ## remove what `make install` installed there
	rm -rf $(DESTDIR)$(LIBEXEC) $(DESTDIR)$(SHARE) $(DESTDIR)$(DOCDIR)
	rm -f $(DESTDIR)$(BINDIR)/netrescue \
		$(DESTDIR)$(MANDIR)/man1/netrescue.1 $(DESTDIR)$(MANDIR)/man5/netrescue-recipe.5 \
		$(DESTDIR)$(BASHCOMPDIR)/netrescue $(DESTDIR)$(ZSHCOMPDIR)/_netrescue

# ---- what must be installed --------------------------------------------------------------------

##
## Packages that are missing (each says what it runs, through sudo where needed, and nothing else when there are none):

# perl has prove, which `make check` runs.
BUILD_PACKAGES := gcc libc6-dev make pkg-config libcurl4-openssl-dev libssl-dev libarchive-dev \
	libsolv-dev libsolvext-dev libzstd-dev libyaml-dev libjansson-dev libseccomp-dev uidmap gpgv \
	debian-archive-keyring ca-certificates perl
# The Build-Depends of debian/control are these and those above.
DEB_PACKAGES := build-essential debhelper git libcmocka-dev libguestfs-dev
TEST_PACKAGES := adduser gnupg mmdebstrap qemu-system-x86 ipxe-qemu seabios python3-minimal \
	python3 dpkg-dev shellcheck clang libclang-rt-dev clang-format clang-tidy zstd attr acl libcap2-bin sudo \
	xz-utils fakeroot file binutils iproute2 curl jq grub-common e2fsprogs openssh-client openssh-server rsync buildah \
	python3-jsonschema time groff-base man-db mandoc bsdextrautils zsh \
	$(DEB_PACKAGES) lintian
MATRIX_PACKAGES := podman runc
BENCH_PACKAGES := mmdebstrap debootstrap gnuplot-nox dpkg-dev gnupg python3 time zstd wget procps qemu-system-x86

# $(1): what needs them, $(2): packages. A package counts as installed under its own name or when
# something installed provides it (pkgconf provides pkg-config in some releases). Who is not root gets them
# by sudo, which may ask for a password only where there is a terminal to answer at.
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
	update=(apt-get -q update); \
	install=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install \
		"$${missing[@]}"); \
	stop() { \
		echo "make: $$1. As root, run:" >&2; \
		echo "    $${update[*]}" >&2; \
		echo "    $${install[*]}" >&2; \
		exit 1; \
	}; \
	echo "$(1) needs packages that are not installed: $${missing[*]}"; \
	sudo=(); \
	if (($$(id -u) != 0)); then \
		command -v sudo >/dev/null || stop 'only root can install them, and there is no sudo here'; \
		sudo=(sudo); \
		[[ -t 0 && -t 2 ]] || sudo+=(-n); \
		[[ $${sudo[*]} == sudo ]] || sudo -n -l "$${update[@]}" >/dev/null 2>&1 || \
			stop 'only root can install them, and there is no terminal at which sudo could ask for a password'; \
	fi; \
	echo "To install them, these commands run now:"; \
	echo "    $${sudo[*]} $${update[*]}" | sed 's/^ */    /'; \
	echo "    $${sudo[*]} $${install[*]}" | sed 's/^ */    /'; \
	"$${sudo[@]}" "$${update[@]}" && "$${sudo[@]}" "$${install[@]}" || stop 'they could not be installed'
endef

.PHONY: deps-build
deps-build: ## for building and running
	$(call install_missing,Building,$(BUILD_PACKAGES))

.PHONY: deps-test
deps-test: ## for the tests
	$(call install_missing,Testing,$(TEST_PACKAGES))

.PHONY: deps-matrix
deps-matrix: deps-test ## for the matrix of test-all
	$(call install_missing,Testing in all ways,$(MATRIX_PACKAGES))

.PHONY: deps-bench
deps-bench: ## for `make bench`
	$(call install_missing,The bench,$(BENCH_PACKAGES))

.PHONY: deps-deb
deps-deb: ## for `make deb`
	$(call install_missing,Building the packages,$(DEB_PACKAGES))

# For tests that build elsewhere.
.PHONY: print-build-packages print-deb-packages
print-build-packages:
	@echo $(BUILD_PACKAGES)
print-deb-packages:
	@echo $(BUILD_PACKAGES) $(DEB_PACKAGES)

# ---- rules -------------------------------------------------------------------------------------

# Goals that install first must not compile before; two apt-get at once would wait for one another.
ifneq ($(filter image test test-all bench,$(MAKECMDGOALS)),)
INSTALLED := deps-build $(if $(filter test test-all,$(MAKECMDGOALS)),deps-test) \
	$(if $(filter test-all,$(MAKECMDGOALS)),deps-matrix) $(if $(filter bench,$(MAKECMDGOALS)),deps-bench)
endif
deps-test: | deps-build
deps-deb: | deps-build $(filter deps-test,$(INSTALLED))
deps-bench: | deps-build $(filter deps-test,$(INSTALLED))

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

# The script is a part of this object, which the compiler does not say.
$(OBJ)/serve/server-script.o $(FUZZ_OBJ)/serve/server-script.o: builder/serve/server.sh

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

# Said once after linking, since the program alone does not look any different.
$(OBJ)/built: $(PROGRAMS)
	@echo "Built $(BIN)/netrescue, $(if $(GUESTFS),with the helper of --sandbox=guestfs,without the \
		helper of --sandbox=guestfs: it needs libguestfs-dev (apt-get install libguestfs-dev, then make))"
	@touch $@

$(BIN)/share/man/man1/netrescue.1: $(BIN)/netrescue
	@mkdir -p $(@D)
	$(Q)$< man > $@

$(BIN)/share/man/man5/netrescue-recipe.5: $(BIN)/netrescue
	@mkdir -p $(@D)
	$(Q)$< man recipe > $@

$(BIN)/share/bash-completion/completions/netrescue: $(BIN)/netrescue
	@mkdir -p $(@D)
	$(Q)$< completion bash > $@

$(BIN)/share/zsh/site-functions/_netrescue: $(BIN)/netrescue
	@mkdir -p $(@D)
	$(Q)$< completion zsh > $@

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
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(PROGRAM_LIBS) $(if $(filter $@,$(UNIT_TESTS)),-lcmocka)

# ---- fuzz targets ----

FUZZ_STAMP := $(FUZZ_OBJ)/flags
FUZZ_USED   = $(FUZZ_COMPILE) $(PKG_CFLAGS) | $(FUZZ_LINK) | $(PROGRAM_LIBS) | $(FUZZ_SOURCES)
$(FUZZ_STAMP): FORCE | $(INSTALLED)
	@mkdir -p $(@D)
	@printf '%s\n' '$(FUZZ_USED)' | cmp -s - $@ || printf '%s\n' '$(FUZZ_USED)' > $@

$(FUZZ_OBJ)/%.o: builder/%.c $(FUZZ_STAMP)
	@mkdir -p $(@D)
	@$(if $(Q),echo "  CC fuzz  $<")
	$(Q)$(FUZZ_COMPILE) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

$(FUZZ_OBJ)/fuzz/%.o: tests/fuzz/%.c $(FUZZ_STAMP)
	@mkdir -p $(@D)
	@$(if $(Q),echo "  CC fuzz  $<")
	$(Q)$(FUZZ_COMPILE) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

$(FUZZ_LIBRARY): $(FUZZ_OBJECTS)
	@rm -f $@
	$(Q)ar rcsD $@ $(filter %.o,$^)

out/fuzz/%: $(FUZZ_OBJ)/fuzz/fuzz_%.o $(FUZZ_OBJ)/fuzz/fuzz.o $(FUZZ_LIBRARY)
	@mkdir -p $(@D)
	@$(if $(Q),echo "  LINK     $@")
	$(Q)$(FUZZ_LINK) -o $@ $(filter %.o %.a,$^) $(PROGRAM_LIBS)

.SECONDARY: $(patsubst tests/fuzz/%.c,$(FUZZ_OBJ)/fuzz/%.o,$(wildcard tests/fuzz/*.c))
-include $(FUZZ_OBJECTS:.o=.d) $(wildcard $(FUZZ_OBJ)/fuzz/*.d)

.SECONDARY: $(patsubst tests/unit/%.c,$(OBJ)/tests/%.o,$(UNIT_SOURCES)) \
	$(patsubst tests/tools/%.c,$(OBJ)/tests/%.o,$(TOOL_SOURCES))
# Making a source that is gone is no error: its object is made anew without it.
-include $(OBJECTS:.o=.d) $(patsubst tests/unit/%.c,$(OBJ)/tests/%.d,$(UNIT_SOURCES)) \
	$(patsubst tests/tools/%.c,$(OBJ)/tests/%.d,$(TOOL_SOURCES))
