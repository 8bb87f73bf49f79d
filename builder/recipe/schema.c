/* SPDX-License-Identifier: MIT */
#include "recipe/schema.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recipe/debconf.h"
#include "recipe/pin.h"
#include "recipe/priority.h"

#define FIELD(member) .offset = offsetof(struct recipe, member)
#define REPOSITORY(member) .offset = offsetof(struct recipe_repository, member)
#define PIN(member) .offset = offsetof(struct recipe_pin, member)
#define ENTRY(member) .offset = offsetof(struct recipe_menu_entry, member)
#define CLIENT(member) .offset = offsetof(struct recipe_menu_client, member)
#define TREE_FILE(member) .offset = offsetof(struct recipe_tree_file, member)
#define USER(member) .offset = offsetof(struct recipe_user, member)
#define GROUP(member) .offset = offsetof(struct recipe_group, member)
#define IDENTITY(member) .offset = offsetof(struct recipe_identity, member)

/* clang-format off */
const struct schema_key schema[] = {
	{ "extends", SCHEMA_EXTENDS, .format = &format_local_path, .example = "rescue64.yaml",
	  .doc = "another recipe that this one builds on: its path, relative to this file",
	  .readers = READ_ELSEWHERE },
	{ "name", SCHEMA_TEXT, FIELD(name), .format = &format_name, .required = true,
	  .example = "myrescue",
	  .doc = "what the image is called: its directory below out/ and on the server",
	  .readers = READ_ELSEWHERE },
	{ "title", SCHEMA_TEXT, FIELD(title), .format = &format_title, .fallback = "${name}",
	  .doc = "the name people read",
	  .readers = READ_ELSEWHERE },

	{ "suite", SCHEMA_TEXT, FIELD(suite), .format = &format_suite, .required = true,
	  .example = "trixie",
	  .doc = "the Debian release",
	  .readers = READ_TREE },
	{ "architecture", SCHEMA_TEXT, FIELD(architecture), .format = &format_word,
	  .allowed = "amd64",
	  .fallback = "amd64", .doc = "of the machines that boot it",
	  .readers = READ_ELSEWHERE },
	{ "foreign-architectures", SCHEMA_WORDS, FIELD(foreign_architectures), .allowed = "i386",
	  .fallback = "", .example = "i386",
	  .doc = "packages of these can be installed too, as NAME:ARCHITECTURE or because a "
		 "package needs them (dpkg --add-architecture)",
	  .readers = READ_ELSEWHERE },
	{ "components", SCHEMA_WORDS, FIELD(components),
	  .allowed = "main contrib non-free non-free-firmware",
	  .fallback = "main", .doc = "parts of the archive to take packages from",
	  .readers = READ_TREE },
	{ "pockets", SCHEMA_WORDS, FIELD(pockets), .allowed = "updates security",
	  .fallback = "updates security",
	  .doc = "take packages from SUITE-updates and SUITE-security too",
	  .readers = READ_TREE },
	{ "mirrors", SCHEMA_WORDS, FIELD(mirrors), .format = &format_mirror, .outside_digest = true,
	  .fallback = "",
	  .example = "http://mirror.example/debian",
	  .doc = "where to fetch when neither --mirror nor this machine's apt says; no "
		 "influence on the bytes. With {timestamp} in its path it is an archive of old "
		 "states (http://snapshot.example/archive/debian/{timestamp}), asked last, for "
		 "what a lock names and no mirror has any more, or for snapshot",
	  .readers = READ_ELSEWHERE },
	{ "snapshot", SCHEMA_TEXT, FIELD(snapshot), .format = &format_moment,
	  .example = "20260801T000000Z",
	  .doc = "take suite and pockets as they were at this moment, from an archive of old "
		 "states: one of mirrors, or --mirror, with {timestamp} in its path. "
		 "apt-repositories are as they are today",
	  .readers = READ_ELSEWHERE },
	{ "keyring", SCHEMA_FILE, FIELD(keyring), .format = &format_local_path,
	  .outside_digest = true, .example = "keys/site-mirror.asc",
	  .doc = "keys that may sign the suite and its pockets, for a mirror of one's own; "
		 "without it, those of debian-archive-keyring; --keyring goes before; no influence "
		 "on the bytes",
	  .readers = READ_ELSEWHERE },
	{ "apt-repositories", SCHEMA_ENTRIES, FIELD(repository),
	  .count_offset = offsetof(struct recipe, repository_count),
	  .element_size = sizeof(struct recipe_repository),
	  .at_offset = offsetof(struct recipe_repository, at), .identity = "url",
	  .doc = "third-party archives; packages there take part like Debian's",
	  .readers = READ_TREE },
	{ "apt-repositories.url", SCHEMA_TEXT, REPOSITORY(url), .format = &format_url,
	  .required = true,
	  .example = "https://packages.example/debian", .doc = "the archive's base, above dists/",
	  .readers = READ_TREE },
	{ "apt-repositories.suite", SCHEMA_TEXT, REPOSITORY(suite), .format = &format_suite_foreign,
	  .required = true, .example = "trixie",
	  .doc = "its suite; if that ends with a slash (./), the archive is flat: a directory "
		 "with Release and Packages, below url",
	  .readers = READ_TREE },
	{ "apt-repositories.components", SCHEMA_WORDS, REPOSITORY(components),
	  .format = &format_word,
	  .fallback = "main", .doc = "parts to take packages from; a flat archive has none",
	  .readers = READ_TREE },
	{ "apt-repositories.keyring", SCHEMA_FILE, REPOSITORY(keyring),
	  .format = &format_local_path,
	  .required = true, .example = "keys/example.asc",
	  .doc = "a file of OpenPGP public keys, one of which must have signed the archive",
	  .readers = READ_TREE },
	{ "apt-repositories.priority", SCHEMA_NUMBER, REPOSITORY(priority),
	  .minimum = PIN_PRIORITY_MIN, .maximum = PIN_PRIORITY_MAX, .fallback = "0",
	  .doc = "of its packages, as in pins, which come before it; 0: what its Release says, "
		 "which is 500, or with NotAutomatic 100 or 1",
	  .readers = READ_ELSEWHERE },
	{ "apt-repositories.auth", SCHEMA_FILE, REPOSITORY(auth), .format = &format_local_path,
	  .outside_digest = true, .example = "vendor-login.conf",
	  .doc = "a file with the name and password for it (apt_auth.conf(5)), which nobody else "
		 "may read and which goes into nothing; without it, those of this machine's apt",
	  .readers = READ_ELSEWHERE },
	{ "apt-repositories.ca", SCHEMA_FILE, REPOSITORY(ca), .format = &format_local_path,
	  .outside_digest = true, .example = "site-ca.pem",
	  .doc = "a file of the certificates that may vouch for its https server; without it, "
		 "Acquire::https::CAInfo of this machine's apt, else those the machine trusts",
	  .readers = READ_ELSEWHERE },

	{ "pins", SCHEMA_ENTRIES, FIELD(pin),
	  .count_offset = offsetof(struct recipe, pin_count),
	  .element_size = sizeof(struct recipe_pin),
	  .at_offset = offsetof(struct recipe_pin, at), .identity = "package",
	  .doc = "which versions come first (apt_preferences(5)); the first that fits a package "
		 "counts",
	  .readers = READ_ELSEWHERE },
	{ "pins.package", SCHEMA_TEXT, PIN(package), .format = &format_pin_package,
	  .required = true, .example = "linux-image-*",
	  .doc = "the packages that it is about; a pin of certain packages comes before those of "
		 "*",
	  .readers = READ_ELSEWHERE },
	{ "pins.pin", SCHEMA_TEXT, PIN(pin), .format = &format_pin,
	  .required = true, .example = "release n=trixie-backports",
	  .doc = "the versions of them that it is about",
	  .readers = READ_ELSEWHERE },
	{ "pins.priority", SCHEMA_NUMBER, PIN(priority), .minimum = PIN_PRIORITY_MIN,
	  .maximum = PIN_PRIORITY_MAX, .required = true, .example = "500",
	  .doc = "the highest is taken, and of equal ones the newest version; without a pin it is "
		 "500, or 100 or 1 for suites such as backports; negative: never",
	  .readers = READ_ELSEWHERE },

	{ "priorities", SCHEMA_WORDS, FIELD(priorities),
	  .allowed = PRIORITY_WORD_REQUIRED " " PRIORITY_WORD_IMPORTANT " " PRIORITY_WORD_STANDARD,
	  .fallback = PRIORITY_WORD_REQUIRED " " PRIORITY_WORD_IMPORTANT,
	  .doc = "install all packages of these priorities",
	  .readers = READ_ELSEWHERE },
	{ "packages", SCHEMA_WORDS, FIELD(packages), .format = &format_package_choice,
	  .fallback = "", .example = "systemd-sysv less vim", .shown = true,
	  .doc = "install these too; what they depend on comes by itself. NAME=VERSION is one "
		 "version, NAME/SUITE the version of one suite; with ? at the end, what is not "
		 "there or does not fit the others is left out",
	  .readers = READ_REST | READ_TREE },
	{ "exclude", SCHEMA_WORDS, FIELD(exclude), .format = &format_package_excluded,
	  .fallback = "",
	  .example = "nano", .doc = "never install these, whatever depends on them",
	  .readers = READ_ELSEWHERE },
	{ "recommends", SCHEMA_SWITCH, FIELD(recommends), .fallback = "no",
	  .doc = "install what packages recommend, too",
	  .readers = READ_ELSEWHERE },
	{ "debs", SCHEMA_FILES, FIELD(debs), .format = &format_deb_path,
	  .example = "tools_1.0_all.deb",
	  .doc = "local package files to install",
	  .readers = READ_ELSEWHERE },
	{ "debconf", SCHEMA_LINES, FIELD(debconf), .format = &format_answer_or_path, .fallback = "",
	  .example = "answers.debconf",
	  .doc = "answers to what packages ask, known before any of them asks: lines OWNER "
		 "QUESTION TYPE VALUE (debconf-set-selections(1)), or files of lines",
	  .readers = READ_BASE | READ_REST },
	{ "boot-packages", SCHEMA_WORDS, FIELD(boot_packages), .format = &format_package,
	  .fallback = "pxelinux syslinux-common",
	  .doc = "packages that give files to the TFTP tree; fetched and verified, never "
		 "installed. BIOS: pxelinux syslinux-common; UEFI: shim-signed "
		 "shim-helpers-amd64-signed grub-efi-amd64-signed",
	  .readers = READ_ELSEWHERE },
	{ "kernel", SCHEMA_TEXT, FIELD(kernel), .format = &format_kernel,
	  .fallback = "linux-image-${architecture}",
	  .doc = "the package that brings the kernel, itself or by what it depends on. Other "
		 "kernels of the image get entries of their own at the end of the menu",
	  .readers = READ_BASE | READ_REST | READ_TREE },
	{ "firmware", SCHEMA_CHOICE, FIELD(firmware), .allowed = "none network all",
	  .fallback = "none",
	  .doc = "install the archive's firmware for the cards that the kernel knows: for network "
		 "cards, wired and wireless, or for all; most of it is in the component "
		 "non-free-firmware. What asks for a licence (firmware-ipw2x00) and the microcode "
		 "of processors are for packages to name",
	  .readers = READ_ELSEWHERE },

	{ "init", SCHEMA_CHOICE, FIELD(init), .allowed = "systemd sysvinit", .fallback = "systemd",
	  .doc = "the init system; its package (systemd-sysv or sysvinit-core) stands in "
		 "packages",
	  .readers = READ_TREE },
	{ "ids", SCHEMA_IDS, FIELD(id), .count_offset = offsetof(struct recipe, id_count),
	  .minimum = 100, .maximum = 999, .example = "{ sshd: 120, crontab: { group: 121 } }",
	  .doc = "fixed ids of system users that packages create: NAME: NUMBER for a user and "
		 "its group, "
		 "NAME: {group: NUMBER} for a group alone",
	  .readers = READ_BASE | READ_REST },
	{ "strict-ids", SCHEMA_SWITCH, FIELD(strict_ids), .fallback = "no",
	  .doc = "a system user or group that ids does not name is an error",
	  .readers = READ_REST },

	{ "hostname", SCHEMA_TEXT, FIELD(hostname), .format = &format_hostname,
	  .fallback = "${name}",
	  .doc = "the rescue system's own name",
	  .readers = READ_BASE | READ_REST | READ_TREE },
	{ "locales", SCHEMA_WORDS, FIELD(locales), .format = &format_locale, .fallback = "",
	  .example = "de_DE.UTF-8 en_US.UTF-8",
	  .doc = "locales to generate; needs the package locales",
	  .readers = READ_BASE | READ_TREE },
	{ "default-locale", SCHEMA_TEXT, FIELD(default_locale), .format = &format_default_locale,
	  .fallback = "C.UTF-8", .doc = "LANG of every login",
	  .readers = READ_BASE | READ_TREE },
	{ "keymap", SCHEMA_TEXT, FIELD(keymap), .format = &format_keymap, .fallback = "us",
	  .doc = "of the console keyboard",
	  .readers = READ_BASE | READ_TREE },
	{ "timezone", SCHEMA_TEXT, FIELD(timezone), .format = &format_timezone,
	  .fallback = "Etc/UTC",
	  .doc = "of the clock that people see",
	  .readers = READ_BASE | READ_TREE },
	{ "console", SCHEMA_SECTION, .doc = "the text console (console-setup)" },
	{ "console.font", SCHEMA_TEXT, FIELD(console.font), .format = &format_font,
	  .fallback = "Fixed",
	  .doc = "font face",
	  .readers = READ_BASE | READ_TREE },
	{ "console.size", SCHEMA_TEXT, FIELD(console.size), .format = &format_font_size,
	  .fallback = "8x16",
	  .doc = "font size",
	  .readers = READ_BASE | READ_TREE },
	{ "console.charmap", SCHEMA_TEXT, FIELD(console.charmap), .format = &format_charmap,
	  .fallback = "UTF-8", .doc = "charset",
	  .readers = READ_BASE | READ_TREE },

	{ "autologin", SCHEMA_SECTION, .shown = true, .doc = "root's login without a password" },
	{ "autologin.terminals", SCHEMA_WORDS, FIELD(autologin.terminals),
	  .format = &format_terminal,
	  .fallback = "", .example = "tty1", .shown = true,
	  .doc = "the terminals where root is logged in at boot",
	  .readers = READ_TREE },
	{ "autologin.program", SCHEMA_TEXT, FIELD(autologin.program), .allowed = "mingetty agetty",
	  .fallback = "agetty", .doc = "what does it; mingetty must then stand in packages",
	  .readers = READ_TREE },
	{ "root", SCHEMA_SECTION, .doc = "who may log in" },
	{ "root.password", SCHEMA_TEXT, FIELD(root.password), .format = &format_password,
	  .fallback = "locked",
	  .doc = "locked, or a crypt(3) hash; the image is readable by all who can boot it",
	  .readers = READ_TREE },
	{ "root.authorized-keys", SCHEMA_LINES, FIELD(root.authorized_keys),
	  .format = &format_key_or_path,
	  .fallback = "", .example = "keys/admin.pub",
	  .doc = "public SSH keys that may log in as root: lines, or files of lines",
	  .readers = READ_TREE },
	{ "users", SCHEMA_ENTRIES, FIELD(user), .count_offset = offsetof(struct recipe, user_count),
	  .element_size = sizeof(struct recipe_user),
	  .at_offset = offsetof(struct recipe_user, at), .identity = "name",
	  .doc = "people beside root who may log in, each with a group of that name and number",
	  .readers = READ_TREE },
	{ "users.name", SCHEMA_TEXT, USER(name), .format = &format_account, .required = true,
	  .example = "alice", .doc = "the login name",
	  .readers = READ_TREE },
	{ "users.id", SCHEMA_NUMBER, USER(id), .minimum = ACCOUNT_ID_MIN,
	  .maximum = ACCOUNT_ID_MAX, .example = "1000",
	  .doc = "number of the user and of its group; without it, the next from 1000 on that no "
		 "other user or group of the recipe has",
	  .readers = READ_TREE },
	{ "users.comment", SCHEMA_TEXT, USER(comment), .format = &format_comment, .fallback = "",
	  .example = "Alice Example", .doc = "the person's name",
	  .readers = READ_TREE },
	{ "users.password", SCHEMA_TEXT, USER(password), .format = &format_password,
	  .fallback = "locked", .doc = "locked, or a crypt(3) hash",
	  .readers = READ_TREE },
	{ "users.authorized-keys", SCHEMA_LINES, USER(authorized_keys),
	  .format = &format_key_or_path, .fallback = "", .example = "keys/alice.pub",
	  .doc = "public SSH keys that may log in as this user: lines, or files of lines",
	  .readers = READ_TREE },
	{ "users.shell", SCHEMA_TEXT, USER(shell), .format = &format_image_path,
	  .fallback = "/bin/bash", .doc = "what a login starts; the image must have it",
	  .readers = READ_TREE },
	{ "users.home", SCHEMA_TEXT, USER(home), .format = &format_image_path,
	  .example = "/home/alice",
	  .doc = "made with the files of /etc/skel, 0700; without it, /home/NAME. A directory that "
		 "a package brings is left as it is",
	  .readers = READ_TREE },
	{ "users.groups", SCHEMA_WORDS, USER(groups), .format = &format_account_reference,
	  .fallback = "", .example = "adm disk",
	  .doc = "further groups, which the image or groups must have",
	  .readers = READ_TREE },
	{ "users.sudo", SCHEMA_SWITCH, USER(sudo), .fallback = "no",
	  .doc = "may run all commands as root by sudo, whose package must be in the image: with "
		 "the user's password, or without one if it is locked",
	  .readers = READ_TREE },
	{ "groups", SCHEMA_ENTRIES, FIELD(group),
	  .count_offset = offsetof(struct recipe, group_count),
	  .element_size = sizeof(struct recipe_group),
	  .at_offset = offsetof(struct recipe_group, at), .identity = "name",
	  .doc = "groups, new ones or those of packages, and who is in them",
	  .readers = READ_TREE },
	{ "groups.name", SCHEMA_TEXT, GROUP(name), .format = &format_account_reference,
	  .required = true, .example = "staff", .doc = "the group's name",
	  .readers = READ_TREE },
	{ "groups.id", SCHEMA_NUMBER, GROUP(id), .minimum = ACCOUNT_ID_MIN,
	  .maximum = ACCOUNT_ID_MAX, .example = "2000",
	  .doc = "its number, below 1000 for a system group; without it, the one that a package "
		 "gave it, or else the next from 1000 on",
	  .readers = READ_TREE },
	{ "groups.members", SCHEMA_WORDS, GROUP(members), .format = &format_account_reference,
	  .fallback = "", .example = "alice",
	  .doc = "users of the recipe or of packages who are in it",
	  .readers = READ_TREE },
	{ "services", SCHEMA_SECTION, .doc = "what runs, and what does not" },
	{ "services.disable", SCHEMA_WORDS, FIELD(services.disable), .format = &format_unit,
	  .fallback = "",
	  .example = "cron", .doc = "not started at boot; can be started by hand",
	  .readers = READ_TREE },
	{ "services.mask", SCHEMA_WORDS, FIELD(services.mask), .format = &format_unit,
	  .fallback = "",
	  .example = "rpcbind.socket",
	  .doc = "never started; under sysvinit the same as disable",
	  .readers = READ_TREE },

	{ "initramfs", SCHEMA_SECTION,
	  .doc = "the first root, which mounts the real one over NFS" },
	{ "initramfs.generator", SCHEMA_CHOICE, FIELD(initramfs.generator),
	  .allowed = "initramfs-tools dracut",
	  .fallback = "initramfs-tools",
	  .doc = "what builds it; dracut needs itself, dracut-network and nfs-common in packages",
	  .readers = READ_TREE },
	{ "initramfs.modules", SCHEMA_TEXT, FIELD(initramfs.modules),
	  .allowed = "netboot most list",
	  .fallback = "netboot",
	  .doc = "kernel modules in it: all network cards, those and all disks, or only extra",
	  .readers = READ_TREE },
	{ "initramfs.compress", SCHEMA_TEXT, FIELD(initramfs.compress),
	  .allowed = "zstd gzip xz lz4",
	  .fallback = "zstd", .doc = "how it is packed",
	  .readers = READ_TREE },
	{ "initramfs.extra", SCHEMA_WORDS, FIELD(initramfs.extra), .format = &format_module,
	  .fallback = "", .example = "ext4 xfs",
	  .doc = "more modules, loaded at boot; overlay is always among them",
	  .readers = READ_TREE },

	{ "overlays", SCHEMA_FOLDERS, FIELD(overlays), .format = &format_local_path,
	  .example = "../overlays/network",
	  .doc = "folders laid over the tree, later ones over earlier ones",
	  .readers = READ_TREE },
	{ "files", SCHEMA_ENTRIES, FIELD(tree_file),
	  .count_offset = offsetof(struct recipe, tree_file_count),
	  .element_size = sizeof(struct recipe_tree_file),
	  .at_offset = offsetof(struct recipe_tree_file, at), .identity = "path",
	  .doc = "single files, written after the overlays",
	  .readers = READ_TREE },
	{ "files.path", SCHEMA_TEXT, TREE_FILE(path), .format = &format_file_path, .required = true,
	  .example = "/etc/motd", .doc = "where it goes; missing directories are made",
	  .readers = READ_TREE },
	{ "files.content", SCHEMA_TEXT, TREE_FILE(content), .format = &format_file_content,
	  .example = "Welcome", .doc = "what is in it: text, best as a YAML block (content: |)",
	  .readers = READ_TREE },
	{ "files.source", SCHEMA_FILE, TREE_FILE(source), .format = &format_local_path,
	  .example = "motd.txt", .doc = "a file to copy, in place of content",
	  .readers = READ_TREE },
	{ "files.mode", SCHEMA_TEXT, TREE_FILE(mode), .format = &format_mode, .fallback = "0644",
	  .doc = "its permissions",
	  .readers = READ_TREE },
	{ "files.owner", SCHEMA_TEXT, TREE_FILE(owner), .format = &format_account_reference,
	  .fallback = "root", .doc = "a user of the recipe or of a package, or a number",
	  .readers = READ_TREE },
	{ "files.group", SCHEMA_TEXT, TREE_FILE(group), .format = &format_account_reference,
	  .fallback = "root", .doc = "a group, or a number",
	  .readers = READ_TREE },
	{ "scripts", SCHEMA_FILES, FIELD(scripts), .format = &format_local_path,
	  .example = "finish.sh",
	  .doc = "programs run in the tree at the end, as root, without network",
	  .readers = READ_TREE },
	{ "hooks", SCHEMA_SECTION, .doc = "programs run at other places, like scripts" },
	{ "hooks.before-packages", SCHEMA_FILES, FIELD(hooks.before_packages),
	  .format = &format_local_path, .example = "dpkg-excludes.sh",
	  .doc = "when the essential packages are set up, and with them a shell, before all "
		 "others",
	  .readers = READ_BASE },
	{ "hooks.after-base", SCHEMA_FILES, FIELD(hooks.after_base),
	  .format = &format_local_path, .example = "after-base.sh",
	  .doc = "between the packages of priorities and those of packages",
	  .readers = READ_BASE },
	{ "hooks.before-settings", SCHEMA_FILES, FIELD(hooks.before_settings),
	  .format = &format_local_path, .example = "before-settings.sh",
	  .doc = "when all packages are set up, before users, overlays and other settings",
	  .readers = READ_TREE },
	{ "hooks.before-initramfs", SCHEMA_FILES, FIELD(hooks.before_initramfs),
	  .format = &format_local_path, .example = "before-initramfs.sh",
	  .doc = "the place of scripts, after these",
	  .readers = READ_TREE },
	{ "hooks.check", SCHEMA_FILES, FIELD(hooks.check), .format = &format_local_path,
	  .example = "check.sh",
	  .doc = "in the finished tree, which they may look at and not change; one that fails "
		 "ends the build",
	  .readers = READ_TREE },
	{ "identity", SCHEMA_ENTRIES, FIELD(identity),
	  .count_offset = offsetof(struct recipe, identity_count),
	  .element_size = sizeof(struct recipe_identity),
	  .at_offset = offsetof(struct recipe_identity, at), .identity = "path",
	  .doc = "what becomes of private keys and ids that packages' scripts make",
	  .readers = READ_REST | READ_TREE },
	{ "identity.path", SCHEMA_TEXT, IDENTITY(path), .format = &format_image_pattern,
	  .required = true, .example = "/etc/vendor/agent.key",
	  .doc = "a file or directory of the image, or a pattern of such (glob(7))",
	  .readers = READ_REST | READ_TREE },
	{ "identity.do", SCHEMA_CHOICE, IDENTITY(action), .allowed = "keep remove make-at-boot",
	  .required = true, .example = "make-at-boot",
	  .doc = "keep: everybody who can read the image has it; remove: the image lacks it; "
		 "make-at-boot: removed, and made anew at each boot, before services start",
	  .readers = READ_REST | READ_TREE },
	{ "identity.command", SCHEMA_TEXT, IDENTITY(command), .format = &format_command,
	  .fallback = "", .example = "vendor-keygen -o /etc/vendor/agent.key",
	  .doc = "with make-at-boot: what makes it, run by sh -e as root; may be left out for "
		 "what netrescue can make itself",
	  .readers = READ_TREE },
	{ "image", SCHEMA_SECTION, .doc = "the rescue system's own apt" },
	{ "image.apt-sources", SCHEMA_TEXT, FIELD(apt_sources), .format = &format_apt_sources,
	  .example = "deb http://mirror.example/debian trixie main",
	  .doc = "text of its sources.list; without it, the example that apt ships, for suite "
		 "and components",
	  .readers = READ_TREE },

	{ "menu", SCHEMA_SECTION, .doc = "what the boot menu shows" },
	{ "menu.title", SCHEMA_TEXT, FIELD(menu.title), .format = &format_menu_text,
	  .fallback = "PXE Boot Menu", .doc = "its headline",
	  .readers = READ_ELSEWHERE },
	{ "menu.timeout", SCHEMA_NUMBER, FIELD(menu.timeout), .maximum = 35996, .fallback = "300",
	  .doc = "tenths of a second until the default entry starts; 0: never",
	  .readers = READ_ELSEWHERE },
	{ "menu.default", SCHEMA_TEXT, FIELD(menu.default_entry), .format = &format_label,
	  .example = "rescue64",
	  .doc = "label of the entry that starts by itself; without it, the first",
	  .readers = READ_ELSEWHERE },
	{ "menu.serial", SCHEMA_SWITCH, FIELD(menu.serial), .fallback = "no",
	  .doc = "menu and rescue entries also on the first serial line (115200 8n1)",
	  .readers = READ_ELSEWHERE },
	{ "menu.entries", SCHEMA_ENTRIES, FIELD(menu.entry),
	  .count_offset = offsetof(struct recipe, menu.entry_count),
	  .element_size = sizeof(struct recipe_menu_entry),
	  .at_offset = offsetof(struct recipe_menu_entry, at), .identity = "label",
	  .doc = "what can be booted, in order; without it, one rescue entry whose label "
		 "is name",
	  .readers = READ_ELSEWHERE },
	{ "menu.entries.kind", SCHEMA_CHOICE, ENTRY(kind), .allowed = "local memtest rescue",
	  .required = true,
	  .example = "rescue",
	  .doc = "boot from the local disk, test the memory, or boot this image",
	  .readers = READ_ELSEWHERE },
	{ "menu.entries.label", SCHEMA_TEXT, ENTRY(label), .format = &format_label,
	  .required = true,
	  .example = "rescue64", .doc = "its name in the configuration, one word",
	  .readers = READ_ELSEWHERE },
	{ "menu.entries.title", SCHEMA_TEXT, ENTRY(title), .format = &format_menu_text,
	  .example = "Debian Rescue x86_64", .doc = "what the menu shows; without it, label",
	  .readers = READ_ELSEWHERE },
	{ "menu.entries.append", SCHEMA_TEXT, ENTRY(append), .format = &format_append,
	  .fallback = "",
	  .example = "quiet", .doc = "more words for the kernel's command line",
	  .readers = READ_ELSEWHERE },
	{ "menu.entries.access", SCHEMA_CHOICE, ENTRY(access), .allowed = "ro rw", .fallback = "ro",
	  .doc = "root read-only below a RAM overlay, or writable",
	  .readers = READ_ELSEWHERE },
	{ "menu.clients", SCHEMA_ENTRIES, FIELD(menu.client),
	  .count_offset = offsetof(struct recipe, menu.client_count),
	  .element_size = sizeof(struct recipe_menu_client),
	  .at_offset = offsetof(struct recipe_menu_client, at), .identity = "mac",
	  .doc = "machines with a menu of their own",
	  .readers = READ_ELSEWHERE },
	{ "menu.clients.mac", SCHEMA_TEXT, CLIENT(mac), .format = &format_mac, .required = true,
	  .example = "52:54:00:12:34:56", .doc = "the network card that boots",
	  .readers = READ_ELSEWHERE },
	{ "menu.clients.entry", SCHEMA_TEXT, CLIENT(entry), .format = &format_label,
	  .required = true,
	  .example = "rescue64", .doc = "label of its default entry",
	  .readers = READ_ELSEWHERE },
	{ "menu.clients.timeout", SCHEMA_NUMBER, CLIENT(timeout), .maximum = 35996, .example = "50",
	  .doc = "tenths of a second; 0: at once; without it, the menu's",
	  .readers = READ_ELSEWHERE },

	{ "nfs", SCHEMA_SECTION, .doc = "how clients mount their root" },
	{ "nfs.access", SCHEMA_CHOICE, FIELD(nfs.access), .allowed = "ro rw", .fallback = "ro",
	  .doc = "ro: exported read-only, each client has a RAM overlay; rw: exported writable, "
		 "and beside the first rescue entry another, LABEL-rw, that writes there, unless "
		 "an entry says access: rw itself",
	  .readers = READ_TREE },
	{ "nfs.path", SCHEMA_TEXT, FIELD(nfs.path), .format = &format_server_path,
	  .fallback = "/srv/pxe/${name}",
	  .doc = "directory on the server that holds the unpacked versions",
	  .readers = READ_ELSEWHERE },
	{ "nfs.overlay-size", SCHEMA_TEXT, FIELD(nfs.overlay_size), .format = &format_overlay_size,
	  .fallback = "50%", .doc = "most memory the RAM overlay may take",
	  .readers = READ_ELSEWHERE },
	{ "server", SCHEMA_SECTION, .doc = "the file server, for the snippets in server/" },
	{ "server.address", SCHEMA_TEXT, FIELD(server.address), .format = &format_address,
	  .fallback = "192.168.1.1", .doc = "its IPv4 address",
	  .readers = READ_ELSEWHERE },
	{ "server.write-address", SCHEMA_SWITCH, FIELD(server.write_address), .fallback = "no",
	  .doc = "write the address into nfsroot= instead of taking DHCP's next-server (for "
		 "proxyDHCP)",
	  .readers = READ_ELSEWHERE },
	{ "server.interface", SCHEMA_TEXT, FIELD(server.interface), .format = &format_interface,
	  .fallback = "eth0", .doc = "its network card, for dhcpd",
	  .readers = READ_ELSEWHERE },
	{ "server.subnet", SCHEMA_TEXT, FIELD(server.subnet), .format = &format_address,
	  .fallback = "192.168.1.0", .doc = "network",
	  .readers = READ_ELSEWHERE },
	{ "server.netmask", SCHEMA_TEXT, FIELD(server.netmask), .format = &format_address,
	  .fallback = "255.255.255.0", .doc = "netmask",
	  .readers = READ_ELSEWHERE },
	{ "server.range", SCHEMA_RANGE, FIELD(server.range_first), .format = &format_range,
	  .fallback = "192.168.1.200 192.168.1.220", .doc = "first and last address for clients",
	  .readers = READ_ELSEWHERE },
	{ "server.router", SCHEMA_TEXT, FIELD(server.router), .format = &format_address,
	  .fallback = "${server.address}", .doc = "the clients' gateway",
	  .readers = READ_ELSEWHERE },
	{ "server.nameserver", SCHEMA_TEXT, FIELD(server.nameserver), .format = &format_address,
	  .fallback = "${server.address}", .doc = "the clients' name server",
	  .readers = READ_ELSEWHERE },
	{ "server.domain", SCHEMA_TEXT, FIELD(server.domain), .format = &format_domain,
	  .fallback = "example.net", .doc = "of clients and server",
	  .readers = READ_BASE | READ_TREE },
	{ "server.tftp-root", SCHEMA_TEXT, FIELD(server.tftp_root), .format = &format_server_path,
	  .fallback = "/srv/pxe/tftp", .doc = "what tftpd serves",
	  .readers = READ_ELSEWHERE },
	{ "compression", SCHEMA_SECTION, .doc = "of rootfs.tar.zst" },
	{ "compression.level", SCHEMA_NUMBER, FIELD(compression_level), .minimum = 1, .maximum = 19,
	  .fallback = "3", .doc = "zstd's",
	  .readers = READ_TREE },
};
/* clang-format on */
const size_t schema_count = ARRAY_SIZE(schema);

const struct schema_key *schema_find(const char *path)
{
	for (size_t i = 0; i < schema_count; i++)
		if (streq(schema[i].path, path))
			return &schema[i];
	return NULL;
}

static bool is_child(const char *parent, const char *path)
{
	size_t length = strlen(parent);

	if (length && (!starts_with(path, parent) || path[length++] != '.'))
		return false;
	return !strchr(path + length, '.');
}

const struct schema_key *schema_next(const char *parent, const struct schema_key *previous)
{
	for (size_t i = previous ? (size_t)(previous - schema) + 1 : 0; i < schema_count; i++)
		if (is_child(parent, schema[i].path))
			return &schema[i];
	return NULL;
}

bool schema_is_inside_entries(const struct schema_key *key)
{
	const char *dot = strrchr(key->path, '.');
	cleanup_free char *parent = xstrndup(key->path, dot ? (size_t)(dot - key->path) : 0);
	const struct schema_key *above = schema_find(parent);

	return above && above->type == SCHEMA_ENTRIES;
}

const char *schema_leaf(const struct schema_key *key)
{
	const char *dot = strrchr(key->path, '.');

	return dot ? dot + 1 : key->path;
}

bool schema_is_list(const struct schema_key *key)
{
	switch (key->type) {
	case SCHEMA_WORDS:
	case SCHEMA_FOLDERS:
	case SCHEMA_FILES:
	case SCHEMA_LINES:
	case SCHEMA_ENTRIES:
		return true;
	case SCHEMA_EXTENDS:
	case SCHEMA_TEXT:
	case SCHEMA_SWITCH:
	case SCHEMA_NUMBER:
	case SCHEMA_CHOICE:
	case SCHEMA_RANGE:
	case SCHEMA_FILE:
	case SCHEMA_IDS:
	case SCHEMA_SECTION:
		break;
	}
	return false;
}
