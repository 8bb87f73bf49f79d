/* SPDX-License-Identifier: MIT */
#include "recipe/accounts.h"

#include "base/memory.h"
#include "base/text.h"
#include "recipe/validate.h"

static bool is_taken(const struct recipe *recipe, int id)
{
	for (size_t i = 0; i < recipe->user_count; i++)
		if (recipe->user[i].id == id)
			return true;
	for (size_t i = 0; i < recipe->group_count; i++)
		if (recipe->group[i].id == id)
			return true;
	return false;
}

void accounts_resolve(struct recipe *recipe)
{
	int next = ACCOUNT_ID_FIRST;

	for (size_t i = 0; i < recipe->user_count; i++) {
		struct recipe_user *user = &recipe->user[i];

		while (user->id < 0 && is_taken(recipe, next))
			next++;
		if (user->id < 0)
			user->id = next;
		if (!user->home)
			user->home = xasprintf("/home/%s", user->name);
	}
}

/* An account of the recipe, to be compared with all before it. */
struct account {
	const char *name;
	int id;
	const char *kind;
	const struct position *at;
	bool is_packages; /* from `ids` */
};

static int check_account(const struct account *a, const struct account *before, struct err *err)
{
	if (a->id >= 0 && a->id == before->id)
		return position_error(a->at, err, "id %d of %s '%s' is already that of %s '%s'",
				      a->id, a->kind, a->name, before->kind, before->name);
	if (!streq(a->name, before->name))
		return 0;
	position_error(a->at, err, "there is already a %s '%s'", before->kind, a->name);
	if (streq(a->at->file, before->at->file))
		return err_hint(err, "it is in line %u%s", before->at->line,
				before->is_packages ? ": 'ids' is for those that packages make"
						    : "");
	return err_hint(err, "%s:%u has it: write '-%s' before the new one to replace it",
			before->at->file, before->at->line, a->name);
}

static int check_each(const struct account *all, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++) {
			int r = check_account(&all[i], &all[j], err);

			if (r < 0)
				return r;
		}
	return 0;
}

static int refuse_root(const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->user_count; i++)
		if (streq(recipe->user[i].name, "root")) {
			position_error(&recipe->user[i].at, err, "every image has the user 'root'");
			return err_hint(err, "its password and keys stand in the section 'root'");
		}
	return 0;
}

static int refuse_double_group(const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->group_count; i++)
		for (size_t j = 0; j < i; j++)
			if (streq(recipe->group[i].name, recipe->group[j].name))
				return position_error(&recipe->group[i].at, err,
						      "'groups' lists '%s' twice",
						      recipe->group[i].name);
	return 0;
}

int validate_accounts(const struct recipe *recipe, struct err *err)
{
	const size_t most = recipe->id_count + recipe->user_count + recipe->group_count;
	cleanup_free struct account *all = xcalloc(most + 1, sizeof(*all));
	size_t count = 0;
	int r = refuse_root(recipe, err);

	if (r < 0)
		return r;
	r = refuse_double_group(recipe, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < recipe->id_count; i++)
		all[count++] = (struct account){ recipe->id[i].name, (int)recipe->id[i].id,
						 recipe->id[i].group_only ? "group" : "user",
						 &recipe->id[i].at, true };
	for (size_t i = 0; i < recipe->user_count; i++)
		all[count++] = (struct account){ recipe->user[i].name, recipe->user[i].id, "user",
						 &recipe->user[i].at, false };
	/* One without a number may be a user's or a package's, which only gets members. */
	for (size_t i = 0; i < recipe->group_count; i++)
		if (recipe->group[i].id >= 0)
			all[count++] = (struct account){ recipe->group[i].name, recipe->group[i].id,
							 "group", &recipe->group[i].at, false };
	return check_each(all, count, err);
}
