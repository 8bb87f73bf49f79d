# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Archives that mean harm, for tests of the sandboxes.
#
#	malice_archives DIR HOST TREE	makes them as DIR/NAME.tar, out of reach of whose links HOST lies, a
#					directory with `file` in it; TREE is an archive that can be cut short.
#					Each line of the array malice_cases is a name, a tab, what does not
#					matter any more, a tab, and a regex of the message with which it is
#					refused, or `harmless`

# A name, python that adds entries with add(NAME, TYPE, DATA, field=value…), and the regex, with tabs between.
malice_table() {
	local host=$1
	cat <<-END
		climb	add('../escape', data=b'x')	holds '../escape', a name that leads out
		climb-inside	add('a/b/../../../escape', data=b'x')	a name that leads out of the tree: refused
		absolute	add('$host/new', data=b'x')	a name that leads out of the tree: refused
		absolute-dir	add('/etc', DIR)	a name that leads out of the tree: refused
		link-out	add('out', SYM, linkname='$host'); add('out/file', data=b'evil')	cannot unpack 'out/file'
		link-up	add('up', SYM, linkname='../../../../../..$host'); add('up/file', data=b'evil')	cannot unpack 'up/file'
		link-replaced	add('etc/x', SYM, linkname='$host/file'); add('etc/x', data=b'evil')	harmless
		hard-absolute	add('h', LNK, linkname='/etc/passwd')	a hard link that leads out: refused
		hard-climb	add('h', LNK, linkname='../..$host/file')	a hard link that leads out: refused
		hard-host	add('h', LNK, linkname='${host#/}/file')	cannot unpack 'h'
		hard-through-link	add('out', SYM, linkname='$host'); add('h', LNK, linkname='out/file')	cannot unpack 'h'
		hard-directory	add('h', LNK, linkname='etc')	a hard link to something that is no file
		hard-device	add('h', LNK, linkname='dev/null')	leads out of the tree
		block	add('disk', BLK, devmajor=8)	holds 'disk', a device node, fifo or socket: refused
		character	add('mem', CHR, devmajor=1, devminor=1)	a device node, fifo or socket: refused
		fifo	add('fifo', FIFO)	a device node, fifo or socket: refused
		dev	add('dev/sda', data=b'x')	holds 'dev/sda', which leads out of the tree
		proc	add('proc/sysrq-trigger', data=b'b')	leads out of the tree
		proc-through-link	add('p', SYM, linkname='proc/self'); add('p/mem', data=b'x')	leads out of the tree
		magic-link	add('r', SYM, linkname='/proc/1/root'); add('r/x', data=b'x')	leads out of the tree
		scratch	add('.netrescue/x', data=b'x')	leads out of the tree
		huge	add('huge', size=10<<30)	holds 'huge', a file of more than 4 GiB: refused
		file-over-directory	add('etc', data=b'x')	cannot unpack 'etc'
		below-file	add('etc/passwd/x', data=b'x')	cannot unpack 'etc/passwd/x'
		link-loop	add('l', SYM, linkname='l'); add('l/x', data=b'x')	cannot unpack 'l/x'
		acl-by-name	add('a', pax_headers={'SCHILY.acl.access': 'user::rw-,user:who:rwx,group::r--,mask::rwx,other::---'})	cannot unpack 'a'
		empty-name	add('', data=b'x')	holds '', a name that leads out of the tree: refused
	END
}

malice_archives() {
	local dir=$1
	mkdir "$dir"
	malice_table "$2" >"$dir/table"
	python3 - "$dir" 3<"$dir/table" <<-'END'
		import io, os, sys, tarfile
		DIR, SYM, LNK = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
		BLK, CHR, FIFO = tarfile.BLKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE
		for line in os.fdopen(3):
		    name, code, _ = line.rstrip("\n").split("\t")
		    t = tarfile.open(f"{sys.argv[1]}/{name}.tar", "w", format=tarfile.PAX_FORMAT)
		    def add(name, type=tarfile.REGTYPE, data=b"", **k):
		        i = tarfile.TarInfo(name); i.type = type; i.size = len(data); i.mode = 0o755
		        for key, value in k.items(): setattr(i, key, value)
		        if "size" in k:
		            t.fileobj.write(i.tobuf(tarfile.PAX_FORMAT)); return
		        t.addfile(i, io.BytesIO(data))
		    exec(code)
		    t.close()
	END
	truncate -s 10G "$dir/sparse"
	tar -C "$dir" -S -cf "$dir/sparse.tar" sparse
	tar -C "$dir" -S --format=pax -cf "$dir/sparse-pax.tar" sparse
	head -c 15000 "$3" >"$dir/truncated.tar"
	head -c 20000 "$(command -v ls)" >"$dir/garbage.tar"
	cat >>"$dir/table" <<-'END'
		sparse		holds 'sparse', a file of more than 4 GiB: refused
		sparse-pax		a file of more than 4 GiB: refused
		truncated		of 'archive': Truncated tar archive
		garbage		archive: Unrecognized archive format
	END
	# shellcheck disable=SC2034 # for the test
	mapfile -t malice_cases <"$dir/table"
	rm "$dir/sparse" "$dir/table"
}
