/*
 * layers.c - which policy files take part, and in which layer.
 *
 * Must never take a file's word for its layer: the place decides, and files.h
 * has checked the place.
 */
#include <string.h>

#include "core/limits.h"
#include "layers.h"
#include "trust.h"

struct loading {
	struct cr_arena *arena;
	struct cr_layers *out;
	struct cr_diags *diags;
	struct cr_err *err;
	size_t cap;
	bool bad; /* a file had errors; the others are still read, so that all are reported */
};

static int add_file(struct loading *load, const struct cr_file *file, enum cr_layer layer)
{
	struct cr_policy *policy;
	struct cr_err why = {0};

	if (load->out->n_policies >= CR_MAX_POLICY_FILES)
		return cr_fail(load->err, CR_E_LIMIT, "more than %d policy files",
			       CR_MAX_POLICY_FILES);
	if (cr_policy_parse(
		    load->arena,
		    &(const struct cr_policy_source){file->path, layer, file->text, file->len},
		    &policy, load->diags, &why) < 0) {
		load->bad = true;
		return why.code == CR_E_SYNTAX ? 0 : cr_fail(load->err, why.code, "%s", why.text);
	}

	const struct cr_policy **grown =
		cr_arena_grow(load->arena, load->out->policies, load->out->n_policies, &load->cap,
			      sizeof(*grown));

	if (!grown)
		return cr_fail(load->err, CR_E_NOMEM, "policies");
	load->out->policies = grown;
	load->out->policies[load->out->n_policies++] = policy;
	return 0;
}

static int add_managed(struct loading *load, const struct cr_layers_input *input)
{
	const char *dir = input->system_dir ? input->system_dir : cr_layers_system_dir();
	struct cr_file *files;
	int count =
		dir ? cr_files_read_system(load->arena, dir, input->system_owner, &files, load->err)
		    : 0;

	for (int i = 0; i < count; i++)
		if (add_file(load, &files[i], CR_LAYER_MANAGED) < 0)
			return -1;
	return count < 0 ? -1 : 0;
}

static int add_user(struct loading *load, const struct cr_layers_input *input)
{
	struct cr_file file;

	if (!input->config_dir)
		return 0;

	const char *path = cr_arena_printf(load->arena, "%s/policy", input->config_dir);

	if (!path)
		return cr_fail(load->err, CR_E_NOMEM, "policies");

	int found = cr_file_read_own(load->arena, path, &file, load->err);

	return found == 1 ? add_file(load, &file, CR_LAYER_USER) : found;
}

int cr_layers_project(struct cr_arena *arena, const char *workspace, struct cr_file *out,
		      struct cr_err *err)
{
	const struct cr_file_place place = {.dir = workspace, .sub = ".carrel", .name = "policy"};

	return cr_file_read_beneath(arena, &place, out, err);
}

static int add_project(struct loading *load, const struct cr_layers_input *input)
{
	struct cr_file *file = &load->out->project;
	int found = input->workspace
			    ? cr_layers_project(load->arena, input->workspace, file, load->err)
			    : 0;

	if (found != 1)
		return found;

	int trusted = input->state_dir ? cr_trust_check(input->state_dir, input->workspace,
							file->text, file->len, load->err)
				       : 0;

	if (trusted < 0)
		return -1;
	load->out->project_trusted = trusted;
	return add_file(load, file, CR_LAYER_PROJECT);
}

int cr_layers_load(struct cr_arena *arena, const struct cr_layers_input *input,
		   struct cr_layers *out, struct cr_diags *diags, struct cr_err *err)
{
	struct loading load = {.arena = arena, .out = out, .diags = diags, .err = err};

	*out = (struct cr_layers){.arena = arena, .config_dir = input->config_dir};
	if (add_managed(&load, input) < 0 || add_user(&load, input) < 0 ||
	    add_project(&load, input) < 0)
		return -1;
	if (load.bad)
		return cr_fail(err, CR_E_SYNTAX, "%u error%s in policy files",
			       (unsigned)(diags->count + diags->dropped),
			       diags->count == 1 ? "" : "s");
	return 0;
}

/* A name, never a path. */
static bool is_profile_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len <= 64 && name[len] == '\0';
}

int cr_layers_profile(void *arg, const char *name, const char **text, size_t *len,
		      const char **file)
{
	struct cr_layers *layers = arg;
	struct cr_file found;

	layers->profile_err = (struct cr_err){0};
	if (!layers->config_dir || !is_profile_name(name))
		return -1;

	const char *path =
		cr_arena_printf(layers->arena, "%s/profiles/%s.policy", layers->config_dir, name);

	if (!path || cr_file_read_own(layers->arena, path, &found, &layers->profile_err) != 1)
		return -1;
	*text = found.text;
	*len = found.len;
	*file = found.path;
	return 0;
}
