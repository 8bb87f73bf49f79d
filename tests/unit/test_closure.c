/* SPDX-License-Identifier: MIT */
/* Which packages of a set belong together; dependencies as control files have them. */
#include "unit.h"

#include "base/memory.h"
#include "solve/closure.h"

/* One package a row, in the order of names. */
struct row {
	const char *name, *version, *depends, *provides;
};

/* The names of the closure that begins with `from`, with blanks between. Caller frees. */
static char *taken(const struct row *row, const char *from)
{
	CLEANUP(closure_release) struct closure c = { 0 };
	CLEANUP(strv_release) struct strv names = { 0 };

	for (const struct row *r = row; r->name; r++) {
		struct closure_package *p = closure_add(&c, r->name, r->version);

		closure_depends(p, r->depends);
		closure_provides(p, r->provides);
	}
	for (size_t i = 0; i < c.count; i++)
		if (streq(c.item[i].name, from))
			closure_take(&c, i);
	closure_complete(&c);
	for (size_t i = 0; i < c.count; i++)
		if (c.item[i].taken)
			strv_add(&names, c.item[i].name);
	return strv_join(&names, " ");
}

#define expect(from, names, ...)                                                                   \
	do {                                                                                       \
		const struct row rows_[] = { __VA_ARGS__, { 0 } };                                 \
		cleanup_free char *got_ = taken(rows_, from);                                      \
		assert_string_equal(got_, names);                                                  \
	} while (0)

/* All names, each behind what it depends on, with blanks between. Caller frees. */
static char *ordered(const struct row *row)
{
	CLEANUP(closure_release) struct closure c = { 0 };
	CLEANUP(strv_release) struct strv names = { 0 };
	cleanup_free size_t *order = NULL;

	for (const struct row *r = row; r->name; r++) {
		struct closure_package *p = closure_add(&c, r->name, r->version);

		closure_depends(p, r->depends);
		closure_provides(p, r->provides);
	}
	order = xcalloc(c.count, sizeof(*order));
	closure_order(&c, order);
	for (size_t i = 0; i < c.count; i++)
		strv_add(&names, c.item[order[i]].name);
	return strv_join(&names, " ");
}

#define expect_order(names, ...)                                                                   \
	do {                                                                                       \
		const struct row rows_[] = { __VA_ARGS__, { 0 } };                                 \
		cleanup_free char *got_ = ordered(rows_);                                          \
		assert_string_equal(got_, names);                                                  \
	} while (0)

static void puts_dependencies_first(void **state)
{
	(void)state;
	expect_order("a b c", { "a", "1", NULL, NULL }, { "b", "1", NULL, NULL },
		     { "c", "1", NULL, NULL });
	expect_order("d c b a", { "a", "1", "b, c", NULL }, { "b", "1", "c", NULL },
		     { "c", "1", "x | virtual", NULL }, { "d", "1", NULL, "virtual" });
	/* In a circle the one that was asked for first comes last. */
	expect_order("c b a d", { "a", "1", "b", NULL }, { "b", "1", "c", NULL },
		     { "c", "1", "a", NULL }, { "d", "1", "b", NULL });
}

static void follows_to_the_end(void **state)
{
	(void)state;
	expect("a", "a b c", { "a", "1", "b", NULL }, { "b", "1", "c (>= 1),\n a", NULL },
	       { "c", "1", NULL, NULL }, { "d", "1", "a", NULL });
	expect("a", "a", { "a", "1", "not-there", NULL }, { "b", "1", NULL, NULL });
}

static void takes_the_first_alternative_there_is(void **state)
{
	(void)state;
	expect("a", "a c", { "a", "1", "x | c | b", NULL }, { "b", "1", NULL, NULL },
	       { "c", "1", NULL, NULL });
	expect("a", "a b", { "a", "1", "c (>= 2) | b", NULL }, { "b", "1", NULL, NULL },
	       { "c", "1", NULL, NULL });
}

static void a_name_comes_before_who_provides_it(void **state)
{
	(void)state;
	expect("a", "a mta", { "a", "1", "mta", NULL }, { "exim", "1", NULL, "mta" },
	       { "mta", "1", NULL, NULL });
	expect("a", "a exim", { "a", "1", "mta", NULL }, { "exim", "1", NULL, "x, mta" },
	       { "postfix", "1", NULL, "mta" });
}

static void versions_decide(void **state)
{
	static const struct {
		const char *relation;
		bool fits; /* 2 */
	} cases[] = {
		{ "(>= 2)", true }, { "(>= 3)", false },  { "(<= 2)", true },  { "(<= 1)", false },
		{ "(= 2)", true },  { "(= 2.0)", false }, { "(>> 1)", true },  { "(>> 2)", false },
		{ "(<< 3)", true }, { "(<< 2)", false },  { "( >=1 )", true }, { "(> 1)", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *real = xasprintf("b %s", cases[i].relation);
		cleanup_free char *provided = xasprintf("v %s", cases[i].relation);

		expect("a", cases[i].fits ? "a b" : "a", { "a", "1", real, NULL },
		       { "b", "2", NULL, NULL });
		expect("a", cases[i].fits ? "a b" : "a", { "a", "1", provided, NULL },
		       { "b", "9", NULL, "v (= 2)" });
		expect("a", "a", { "a", "1", provided, NULL }, { "b", "2", NULL, "v" });
	}
}

static void a_foreign_architecture_is_part_of_the_name(void **state)
{
	(void)state;
	expect("a", "a b c:i386", { "a", "1", "b:any (>= 1), c:i386", NULL },
	       { "b", "1", NULL, NULL }, { "c", "1", NULL, NULL }, { "c:i386", "1", NULL, NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_to_the_end),
		cmocka_unit_test(puts_dependencies_first),
		cmocka_unit_test(takes_the_first_alternative_there_is),
		cmocka_unit_test(a_name_comes_before_who_provides_it),
		cmocka_unit_test(versions_decide),
		cmocka_unit_test(a_foreign_architecture_is_part_of_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
