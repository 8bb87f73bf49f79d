/* SPDX-License-Identifier: MIT */
#include "publish/file-origins.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fields.h"
#include "base/memory.h"
#include "base/private-key.h"
#include "publish/file-owners.h"
#include "publish/file-trace.h"
#include "publish/generated-files.h"

/* What is known while they are found out; the arrays are parallel to the members. */
struct origins_reader {
	struct file_origins *origins;
	const struct packages *packages;
	const struct file_log *file_log;
	struct file_owners owners;
	const char **owner;		     /* the package that lists it; NULL: none */
	const struct file_log_entry **maker; /* who noted it last; NULL: nobody */
	bool *altered;			     /* dpkg --verify says so */
	struct digest *digest;		     /* SHA-1 of the file that comes */
	struct text start;		     /* its first bytes */
	struct content {		     /* by the entry's place in the archive */
		char sha1[DIGEST_HEX];
		const char *key; /* what kind of private key it is, or NULL */
	} * content;
	size_t content_allocated;
	struct text *look; /* borrowed: the texts that were kept, as fields; NULL: nobody asks */
	size_t look_texts;
};

static bool is_wanted(const struct member *m, void *data)
{
	return file_owners_wants(m, data) || file_trace_wants(m) ||
	       streq(m->path, FILE_ORIGINS_STATUS) ||
	       fnmatch("usr/share/doc/*/copyright", m->path, FNM_PATHNAME) == 0;
}

static int keep(const struct member *m, const struct text *content, void *data, struct err *err)
{
	struct origins_reader *read = data;
	struct file_origins *o = read->origins;

	if (read->look) {
		fields_put(read->look, m->path);
		fields_put_bytes(read->look, content->data, content->length);
		read->look_texts++;
	}
	if (file_owners_wants(m, &read->owners))
		return file_owners_take(m, content, &read->owners, err);
	GROW(o->text, o->text_count, o->text_allocated);
	o->text[o->text_count++] = (struct kept_text){ xstrdup(m->path), xstrdup(content->data) };
	return 0;
}

static struct content *content_at(struct origins_reader *read, size_t place)
{
	while (read->content_allocated <= place) {
		size_t more = read->content_allocated / 2 + 4096;

		read->content = xreallocarray(read->content, read->content_allocated + more,
					      sizeof(*read->content));
		memset(read->content + read->content_allocated, 0, more * sizeof(*read->content));
		read->content_allocated += more;
	}
	return &read->content[place];
}

static void look_at_piece(const struct member *m, const void *bytes, size_t size, void *data)
{
	struct origins_reader *read = data;
	size_t room = PRIVATE_KEY_LOOK - read->start.length;

	if (!read->digest)
		read->digest = digest_new_sha1();
	if (size > 0) {
		digest_update(read->digest, bytes, size);
		text_append(&read->start, bytes, size < room ? size : room);
		return;
	}
	struct content *content = content_at(read, m->place);
	digest_final(read->digest, content->sha1);
	digest_free(take_ptr(read->digest));
	content->key = private_key_kind(m->path, m->mode, read->start.data, read->start.length);
	read->start.length = 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(((const struct kept_text *)a)->path, ((const struct kept_text *)b)->path);
}

const char *file_origins_text(const struct file_origins *o, const char *path)
{
	cleanup_free char *real = members_resolve(&o->members, path, true);
	struct kept_text key = { .path = real };
	const struct kept_text *found =
		real && o->text_count
			? bsearch(&key, o->text, o->text_count, sizeof(*o->text), compare_texts)
			: NULL;

	return found ? found->text : NULL;
}

static void read_release(struct origins_reader *read)
{
	digest_free(read->digest);
	file_owners_release(&read->owners);
	text_release(&read->start);
	free(read->content);
	free(read->owner);
	free(read->maker);
	free(read->altered);
}

/* The index among the members, or their count. */
static size_t place_of(const struct file_origins *o, const char *path)
{
	const struct member *m = members_find(&o->members, path);

	return m ? (size_t)(m - o->members.item) : o->members.count;
}

/* The same through links of directories: somebody's note may have come that way. */
static size_t place_through_links(const struct file_origins *o, const char *path)
{
	cleanup_free char *real = NULL;
	size_t place = place_of(o, path);

	if (place < o->members.count)
		return place;
	real = members_resolve(&o->members, path, false);
	return real ? place_of(o, real) : o->members.count;
}

static void fill_digests(const struct origins_reader *read, struct file_origin *origin)
{
	const struct member *m = origin->member;
	const struct member *file = m->first ? members_find(&read->origins->members, m->first) : m;

	memcpy(origin->sha256, m->sha256, sizeof(origin->sha256));
	if (m->target) {
		CLEANUP(digest_cleanup) struct digest *digest = digest_new_sha1();

		digest_update(digest, m->target, strlen(m->target));
		digest_final(digest, origin->sha1);
		digest_bytes(m->target, strlen(m->target), origin->sha256);
	} else if (file && file->place < read->content_allocated) {
		memcpy(origin->sha1, read->content[file->place].sha1, sizeof(origin->sha1));
		origin->key = read->content[file->place].key;
	}
}

struct search {
	const struct packages *packages;
	const struct package *found;
};

static bool is_installed(const char *pattern, const char **ret, void *data)
{
	struct search *s = data;

	for (size_t i = 0; i < s->packages->count; i++) {
		const struct package *p = &s->packages->item[i];

		if (p->role != ROLE_IMAGE || fnmatch(pattern, p->name, 0) != 0)
			continue;
		s->found = p;
		*ret = p->name;
		return true;
	}
	return false;
}

/* "usr/lib/x/__pycache__/a.cpython-313.pyc" counts only beside a "usr/lib/x/a.py" of a package. */
static bool lacks_source(const struct origins_reader *read, const char *path)
{
	const char *cache = strstr(path, "/__pycache__/");
	const char *name = cache ? strrchr(path, '/') + 1 : NULL;
	cleanup_free char *source = cache ? xasprintf("%.*s/%.*s.py", (int)(cache - path), path,
						      (int)strcspn(name, "."), name)
					  : NULL;
	size_t place = source ? place_through_links(read->origins, source) : SIZE_MAX;

	return source && (place >= read->origins->members.count || !read->owner[place]);
}

static bool find_generated(const struct origins_reader *read, struct file_origin *origin)
{
	const struct member *m = origin->member;
	struct search search = { .packages = read->packages };
	const char *package = NULL;
	const struct generated_file *known =
		generated_file_find(m->path, m->target, is_installed, &search, &package);

	if (!known || lacks_source(read, m->path))
		return false;
	origin->package = package;
	origin->how = xstrdup(known->how);
	origin->stage = known->stage			     ? known->stage
			: search.found && search.found->base ? "base"
							     : "rest";
	return true;
}

static void add_origin(struct origins_reader *read, size_t place)
{
	struct file_origins *o = read->origins;
	const struct file_log_entry *maker = read->maker[place];
	struct file_origin origin = { .member = &o->members.item[place], .stage = "" };

	origin.altered = read->owner[place] != NULL;
	origin.package = read->owner[place];
	fill_digests(read, &origin);
	if (maker) {
		origin.how = xstrdup(maker->maker);
		origin.stage = maker->stage ? maker->stage : "settings";
	} else if (origin.altered || !find_generated(read, &origin)) {
		origin.how = xstrdup("");
		origin.trace = file_trace(o, &read->owners, origin.member->path);
		origin.dark = true;
	}
	o->dark += origin.dark;
	o->generated += !origin.dark && !origin.altered;
	o->altered += !origin.dark && origin.altered;
	GROW(o->item, o->count, o->allocated);
	o->item[o->count++] = origin;
}

static void judge(struct origins_reader *read)
{
	struct file_origins *o = read->origins;

	for (size_t i = 0; i < o->members.count; i++) {
		if (o->members.item[i].type == S_IFDIR)
			continue;
		o->files++;
		o->of_packages += read->owner[i] != NULL;
		/* A package's file that was written over with the same bytes is as it was; of links
		 * dpkg --verify says nothing. */
		if (!read->owner[i] || read->altered[i] ||
		    (read->maker[i] && o->members.item[i].target))
			add_origin(read, i);
	}
	o->dark += o->gone.count;
}

static void read_owners(struct origins_reader *read)
{
	const struct members *m = &read->origins->members;

	file_owners_resolve(&read->owners, m);
	for (size_t i = 0; i < read->owners.count; i++) {
		const struct file_owner *owner = &read->owners.item[i];
		const char *name = read->owners.package.item[owner->package];
		const struct package *p = packages_find(read->packages, name, ROLE_IMAGE);
		size_t place = p ? place_of(read->origins, owner->path) : m->count;

		if (place < m->count)
			read->owner[place] = p->name;
	}
}

static bool is_noted(const struct file_log *log, const char *path)
{
	for (size_t i = 0; i < log->count; i++)
		if (streq(log->item[i].path, path))
			return true;
	return false;
}

static void read_makers(struct origins_reader *read)
{
	struct file_origins *o = read->origins;
	const struct file_log *log = read->file_log;

	/* They are in the order in which they were made: the last one counts. */
	for (size_t i = 0; i < log->count; i++) {
		size_t place = place_through_links(o, log->item[i].path);

		if (place < o->members.count)
			read->maker[place] = &log->item[i];
	}
	for (size_t i = 0; i < log->altered.count; i++) {
		const char *path = log->altered.item[i];
		size_t place = place_through_links(o, path);

		if (place < o->members.count)
			read->altered[place] = true;
		else if (!is_noted(log, path))
			strv_add(&o->gone, path);
	}
}

static int read_members(int fd, const struct member_source *source,
			const struct member_reader *reader, struct members *ret, struct err *err)
{
	return source ? members_read_source(source, reader, ret, err)
		      : members_read(fd, reader, ret, err);
}

/* ---- what was read of the tar, to be kept ---- */

static void put_member(const struct origins_reader *read, const struct member *m, struct text *ret)
{
	static const struct content none;
	const struct content *content =
		m->place < read->content_allocated ? &read->content[m->place] : &none;
	const uint64_t number[] = { m->type, m->mode,	m->uid,	 m->gid, (uint64_t)m->mtime,
				    m->size, m->device, m->place };

	fields_put(ret, m->path);
	for (size_t i = 0; i < ARRAY_SIZE(number); i++)
		fields_put_number(ret, number[i]);
	fields_put(ret, m->target);
	fields_put(ret, m->first);
	fields_put(ret, m->xattrs);
	fields_put(ret, m->sha256);
	fields_put(ret, content->sha1);
	fields_put(ret, content->key);
}

static void put_members(const struct origins_reader *read, struct text *ret)
{
	const struct members *m = &read->origins->members;

	fields_put_number(ret, m->count);
	for (size_t i = 0; i < m->count; i++)
		put_member(read, &m->item[i], ret);
}

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

/* One word for each kind, which the origins own. */
static const char *intern(struct strv *kinds, const char *key)
{
	if (!key)
		return NULL;
	if (!strv_has(kinds, key))
		strv_add(kinds, key);
	for (size_t i = 0; i < kinds->count; i++)
		if (streq(kinds->item[i], key))
			return kinds->item[i];
	return NULL;
}

static bool get_digest(struct fields *f, char ret[DIGEST_HEX])
{
	const char *digest;

	if (!fields_get(f, &digest) || !digest || strlen(digest) >= DIGEST_HEX)
		return false;
	memcpy(ret, digest, strlen(digest) + 1);
	return true;
}

static bool get_member(struct origins_reader *read, struct fields *f)
{
	struct members *all = &read->origins->members;
	const char *path, *target, *first, *xattrs, *key;
	char sha256[DIGEST_HEX], sha1[DIGEST_HEX];
	uint64_t number[8];

	if (!fields_get(f, &path) || !path)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(number); i++)
		if (!fields_get_number(f, &number[i]))
			return false;
	if (!fields_get(f, &target) || !fields_get(f, &first) || !fields_get(f, &xattrs) ||
	    !get_digest(f, sha256) || !get_digest(f, sha1) || !fields_get(f, &key) ||
	    number[7] >= MEMBERS_MAX)
		return false;
	GROW(all->item, all->count, all->allocated);
	all->item[all->count] = (struct member){
		.path = xstrdup(path),
		.type = (mode_t)number[0],
		.mode = (mode_t)number[1],
		.uid = number[2],
		.gid = number[3],
		.mtime = (int64_t)number[4],
		.size = number[5],
		.device = (dev_t)number[6],
		.place = (size_t)number[7],
		.target = copy(target),
		.first = copy(first),
		.xattrs = copy(xattrs),
	};
	memcpy(all->item[all->count++].sha256, sha256, DIGEST_HEX);
	struct content *content = content_at(read, (size_t)number[7]);
	memcpy(content->sha1, sha1, DIGEST_HEX);
	content->key = intern(&read->origins->kinds, key);
	return true;
}

/* The texts come first, as they came out of the tar. */
static int get_text(struct origins_reader *read, struct fields *f, struct err *err)
{
	CLEANUP(text_release) struct text content = { 0 };
	struct member m = { .type = S_IFREG };
	const char *path, *bytes;
	size_t size;

	if (!fields_get(f, &path) || !path || !fields_get_bytes(f, &bytes, &size))
		return err_set(err, ERR_BUILD, "what was noted of a kept tree is not whole");
	cleanup_free char *name = xstrdup(path);
	text_append(&content, bytes, size);
	m.path = name;
	return keep(&m, &content, read, err);
}

static int get_look(struct origins_reader *read, const struct text *look, struct err *err)
{
	struct fields f = { look->data, look->data + look->length };
	uint64_t texts, count;

	if (!look->data || !fields_get_number(&f, &texts))
		return err_set(err, ERR_BUILD, "what was noted of a kept tree is not whole");
	for (uint64_t i = 0; i < texts; i++) {
		int r = get_text(read, &f, err);

		if (r < 0)
			return r;
	}
	if (!fields_get_number(&f, &count) || count > MEMBERS_MAX)
		return err_set(err, ERR_BUILD, "what was noted of a kept tree is not whole");
	for (uint64_t i = 0; i < count; i++)
		if (!get_member(read, &f))
			return err_set(err, ERR_BUILD,
				       "what was noted of a kept tree is not whole");
	return f.next == f.end
		       ? 0
		       : err_set(err, ERR_BUILD, "what was noted of a kept tree is not whole");
}

/* ---- all of it ---- */

static void conclude(struct origins_reader *read)
{
	struct file_origins *o = read->origins;

	if (o->text_count > 0)
		qsort(o->text, o->text_count, sizeof(*o->text), compare_texts);
	read->owner = xcalloc(o->members.count, sizeof(*read->owner));
	read->maker = xcalloc(o->members.count, sizeof(*read->maker));
	read->altered = xcalloc(o->members.count, sizeof(*read->altered));
	read_owners(read);
	read_makers(read);
	judge(read);
}

static int read_origins(int fd, const struct member_source *source, const struct packages *packages,
			const struct file_log *log, struct text *ret_look, struct file_origins *ret,
			struct err *err)
{
	CLEANUP(file_origins_release) struct file_origins o = { 0 };
	CLEANUP(text_release) struct text texts = { 0 };
	CLEANUP(read_release)
	struct origins_reader read = { .origins = &o,
				       .packages = packages,
				       .file_log = log,
				       .look = ret_look ? &texts : NULL };
	const struct member_reader reader = {
		.wants = is_wanted,
		.take = keep,
		.piece = look_at_piece,
		.data = &read,
		.limit = FILE_OWNERS_TEXT_MAX,
	};
	int r = read_members(fd, source, &reader, &o.members, err);

	if (r < 0)
		return r;
	if (ret_look) {
		fields_put_number(ret_look, read.look_texts);
		text_append(ret_look, texts.length ? texts.data : "", texts.length);
		put_members(&read, ret_look);
	}
	conclude(&read);
	*ret = TAKE(o);
	return 0;
}

int file_origins_read_source(const struct member_source *source, const struct packages *packages,
			     const struct file_log *log, struct text *ret_look,
			     struct file_origins *ret, struct err *err)
{
	return read_origins(-1, source, packages, log, ret_look, ret, err);
}

int file_origins_read(int rootfs_fd, const struct packages *packages, const struct file_log *log,
		      struct file_origins *ret, struct err *err)
{
	return read_origins(rootfs_fd, NULL, packages, log, NULL, ret, err);
}

int file_origins_read_look(const struct text *look, const struct packages *packages,
			   const struct file_log *log, struct file_origins *ret, struct err *err)
{
	CLEANUP(file_origins_release) struct file_origins o = { 0 };
	CLEANUP(read_release)
	struct origins_reader read = { .origins = &o, .packages = packages, .file_log = log };
	int r = get_look(&read, look, err);

	if (r < 0)
		return r;
	conclude(&read);
	*ret = TAKE(o);
	return 0;
}

void file_origins_release(struct file_origins *o)
{
	for (size_t i = 0; i < o->count; i++) {
		free(o->item[i].how);
		free(o->item[i].trace);
	}
	for (size_t i = 0; i < o->text_count; i++) {
		free(o->text[i].path);
		free(o->text[i].text);
	}
	free(o->item);
	free(o->text);
	strv_release(&o->gone);
	strv_release(&o->kinds);
	members_release(&o->members);
	*o = (struct file_origins){ 0 };
}
