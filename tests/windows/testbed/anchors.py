"""Where our lines go into Wine 8.0, the version of Debian 12.

Each anchor names a file, the function, request handler or struct it must be found in, and a short
expression. Only calls are inserted; what they do is in wine/*.c.
"""

from insert import Anchor


def before(path, inside, pattern, text):
    return Anchor(path, inside, pattern, "before", text)


def after(path, inside, pattern, text):
    return Anchor(path, inside, pattern, "after", text)


HEADER = '#include "testbed.h"'

INCLUDES = [after(path, None, pattern, HEADER) for path, pattern in (
    ("server/change.c", r'^#include "security\.h"'),
    ("server/fd.c", r'^#include "request\.h"'),
    ("server/file.c", r'^#include "security\.h"'),
    ("server/handle.c", r'^#include "security\.h"'),
    ("server/named_pipe.c", r'^#include "security\.h"'),
    ("server/object.c", r'^#include "security\.h"'),
    ("server/process.c", r'^#include "security\.h"'),
    ("server/registry.c", r'^#include "security\.h"'),
    ("server/token.c", r'^#include "security\.h"'),
    ("dlls/ntdll/unix/security.c", r'^#include "unix_private\.h"'),
    ("dlls/ntdll/unix/sync.c", r'^#include "unix_private\.h"'),
)]

TOKENS = [
    after("server/token.c", "struct token", r"int +elevation;", "struct tb_token *testbed;"),
    after("server/token.c", "create_token", r"list_init\( &token->groups", "tb_token_init( token );"),
    before("server/token.c", "token_destroy", r"free\( token->default_dacl", "tb_token_free( token );"),
    before("server/token.c", "token_duplicate", r"if \(sd\) default_set_sd",
           "tb_token_copy( token, src_token );"),
    before("server/token.c", "token_access_check", r"if \(!dacl_present \|\| !dacl\)",
           "if (priv_count) *priv_count = 0;\n"
           "*status = tb_access_check( token, sd, desired_access, TB_MAP(mapping), granted_access );\n"
           "return STATUS_SUCCESS;"),
    before("server/token.c", "DECL_HANDLER(filter_token)", r"unsigned int access = get_handle_access",
           "tb_token_disable( token, filter_groups, group_count );"),
    after("dlls/ntdll/unix/security.c", "NtQueryInformationToken", r"^    ULONG len = 0;",
          "unsigned int tb_status;\n"
          "if (tb_query_token( token, class, info, length, retlen, &tb_status )) return tb_status;"),
    after("dlls/ntdll/unix/security.c", "NtSetInformationToken", r"unsigned int ret =",
          "if (tb_set_token( token, class, info, length, &ret )) return ret;"),
    before("dlls/ntdll/unix/security.c", "NtFilterToken", r"^    free\( sids \);",
           "if (!status) status = tb_restrict( new_token, flags, restrict_sids );"),
]

FILES = [
    # asked for with each opening, and a third of its time
    after("server/fd.c", None, r'^#include "request\.h"', "#define realpath tb_realpath"),
    before("server/file.c", "create_file", r"fd = open_fd\(",
           "if (!tb_file_open( &(struct tb_open){ root, name, create, options, &access, &mode, &sd } ))\n"
           "    goto done;"),
    before("server/file.c", "create_file", r"release_object\( fd \)",
           "if (obj) tb_file_created( fd, sd );"),
    before("server/handle.c", "duplicate_handle", r"if \(access & ~src_access\)",
           "if ((access & ~src_access) && !tb_file_may_extend( obj, access ))\n"
           "{ release_object( obj ); return 0; }"),
    before("server/fd.c", "set_fd_name", r"if \(create_link && !fstat",
           "if (!tb_file_may_rename( fd->unix_fd, name, create_link )) goto failed;"),
]
for path, get, put in (("server/file.c", "file_get_sd", "file_set_sd"),
                       ("server/change.c", "dir_get_sd", "dir_set_sd")):
    FILES += [
        before(path, get, r"if \(obj->sd &&",
               "if ((sd = tb_file_sd( unix_fd ))) { free( obj->sd ); return obj->sd = sd; }"),
        before(path, put, r"if \(set_info & OWNER_SECURITY_INFORMATION\)",
               "return tb_file_store( unix_fd, sd, set_info );"),
    ]

OBJECTS = [
    before("server/token.c", "check_object_access", r"^    if \(!token\)",
           "if (!token) token = tb_token_now();"),
    before("server/token.c", "check_object_access", r"mapping\.all =",
           "if ((res = tb_object_check( token, obj, access )) >= 0) return res;"),
    before("server/object.c", "create_named_object", r"if \(attributes & OBJ_PERMANENT\)",
           "tb_object_created( new_obj );"),
    before("server/handle.c", "DECL_HANDLER(set_security_object)", r"obj->ops->set_sd\(",
           "if (!tb_may_label( sd, req->security_info )) { release_object( obj ); return; }"),
    after("server/handle.c", "DECL_HANDLER(set_security_object)", r"obj->ops->set_sd\(",
          "tb_object_control( obj, req->security_info );"),
    before("server/named_pipe.c", "named_pipe_open_file", r"pipe_sharing = pipe->sharing;",
           "if (!tb_pipe_may_open( obj, access )) return NULL;"),
    before("server/named_pipe.c", "DECL_HANDLER(create_named_pipe)", r"if \(sd\) default_set_sd",
           "if (!sd) tb_pipe_created( &pipe->obj );"),
    before("server/named_pipe.c", "DECL_HANDLER(create_named_pipe)",
           r"if \(pipe->maxinstances <= pipe->instances\)",
           "if (!tb_pipe_may_open( &pipe->obj, FILE_CREATE_PIPE_INSTANCE ))\n"
           "{ release_object( pipe ); return; }"),
    before("server/registry.c", "key_link_name", r"if \(parent->ops != &key_ops\)",
           "if (!tb_key_may_create( parent )) return 0;"),
    before("server/registry.c", "key_get_sd", r"if \(obj->sd\) return obj->sd;",
           "static struct security_descriptor *tb_shown;\n"
           "free( tb_shown ); return tb_shown = tb_key_sd( obj );"),
]

PROCESSES = [
    # the token's own label is its level, not the level Wine gives every token
    after("server/process.c", None, r"^#include \"security\.h\"",
          "#define high_label_sid (*tb_level_sid( process->token ))"),
    after("server/process.c", "struct job", r"unsigned int limit_flags;", "unsigned int tb_active;"),
    after("server/process.c", "create_job_object", r"job->limit_flags = 0;", "job->tb_active = 0;"),
    after("server/process.c", "add_job_process", r"if \(job == process->job\) return;",
          "if (!tb_job_has_room( job, process->job )) return;"),
    after("server/process.c", "process_sigkill", r"process->sigkill_delay \*= 2;",
          "if (tb_may_still_end( process ))\n"
          "{\n"
          "    process->sigkill_timeout = add_timeout_user( -process->sigkill_delay, process_sigkill, process );\n"
          "    return;\n"
          "}"),
    before("server/process.c", "DECL_HANDLER(new_process)", r"if \(!\(process = create_process\(",
           "if (!tb_job_takes_child( parent, req->flags ) || (token && !tb_may_start( token )))\n"
           "{ close( socket_fd ); goto done; }"),
    before("dlls/ntdll/unix/sync.c", "NtSetInformationJobObject", r"SERVER_START_REQ\( set_job_limits",
           "if ((status = tb_limit_job( handle, basic_limit ))) return status;"),
]

ANCHORS = INCLUDES + TOKENS + FILES + OBJECTS + PROCESSES

# what is added at the end of a file
APPENDED = {
    "server/token.c": '\n#include "server_token.c"\n#include "server_access.c"\n',
    "server/process.c": '\n#include "server_job.c"\n#include "server_exit.c"\n',
}
