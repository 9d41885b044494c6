/*
 * winaccess_abi.h - the numbers of Windows' access control, for hosts whose headers have none.
 *
 * Each group names its source; [MS-DTYP] is Microsoft's open specification "Windows Data Types".
 * Numbers only: nothing here is a rule.
 */
#ifndef CR_WINACCESS_ABI_H
#define CR_WINACCESS_ABI_H

/* Standard and generic rights ([MS-DTYP] 2.4.3). */
#define CR_WIN_DELETE                 0x00010000u
#define CR_WIN_READ_CONTROL           0x00020000u
#define CR_WIN_WRITE_DAC              0x00040000u
#define CR_WIN_WRITE_OWNER            0x00080000u
#define CR_WIN_SYNCHRONIZE            0x00100000u
#define CR_WIN_ACCESS_SYSTEM_SECURITY 0x01000000u
#define CR_WIN_MAXIMUM_ALLOWED        0x02000000u
#define CR_WIN_GENERIC_ALL            0x10000000u
#define CR_WIN_GENERIC_EXECUTE        0x20000000u
#define CR_WIN_GENERIC_WRITE          0x40000000u
#define CR_WIN_GENERIC_READ           0x80000000u
#define CR_WIN_GENERIC                0xf0000000u

/* Rights of files and directories (winnt.h, "File Access Rights Constants"). */
#define CR_WIN_FILE_READ_DATA        0x001u /* of a directory: list */
#define CR_WIN_FILE_WRITE_DATA       0x002u
#define CR_WIN_FILE_ADD_FILE         0x002u
#define CR_WIN_FILE_APPEND_DATA      0x004u
#define CR_WIN_FILE_ADD_SUBDIRECTORY 0x004u
#define CR_WIN_FILE_READ_EA          0x008u
#define CR_WIN_FILE_WRITE_EA         0x010u
#define CR_WIN_FILE_EXECUTE          0x020u /* of a directory: traverse */
#define CR_WIN_FILE_DELETE_CHILD     0x040u
#define CR_WIN_FILE_READ_ATTRIBUTES  0x080u
#define CR_WIN_FILE_WRITE_ATTRIBUTES 0x100u
#define CR_WIN_FILE_GENERIC_READ     0x120089u
#define CR_WIN_FILE_GENERIC_WRITE    0x120116u
#define CR_WIN_FILE_GENERIC_EXECUTE  0x1200a0u
#define CR_WIN_FILE_ALL_ACCESS       0x1f01ffu

/* Types of access control entries ([MS-DTYP] 2.4.4.1). */
#define CR_WIN_ACE_ALLOW 0x00u
#define CR_WIN_ACE_DENY  0x01u
#define CR_WIN_ACE_AUDIT 0x02u
#define CR_WIN_ACE_LABEL 0x11u

/* Their flags (same place). */
#define CR_WIN_ACE_OBJECT_INHERIT    0x01u
#define CR_WIN_ACE_CONTAINER_INHERIT 0x02u
#define CR_WIN_ACE_NO_PROPAGATE      0x04u
#define CR_WIN_ACE_INHERIT_ONLY      0x08u
#define CR_WIN_ACE_INHERITED         0x10u
#define CR_WIN_ACE_AUDIT_SUCCESS     0x40u
#define CR_WIN_ACE_AUDIT_FAILURE     0x80u

/* The mask of a mandatory label ([MS-DTYP] 2.4.4.13). */
#define CR_WIN_LABEL_NO_WRITE_UP   0x1u
#define CR_WIN_LABEL_NO_READ_UP    0x2u
#define CR_WIN_LABEL_NO_EXECUTE_UP 0x4u

/* Integrity levels: the last number of S-1-16-n ([MS-DTYP] 2.4.2.4). */
#define CR_WIN_IL_UNTRUSTED 0x0000u
#define CR_WIN_IL_LOW       0x1000u
#define CR_WIN_IL_MEDIUM    0x2000u
#define CR_WIN_IL_HIGH      0x3000u
#define CR_WIN_IL_SYSTEM    0x4000u

/* Control bits of a security descriptor ([MS-DTYP] 2.4.6). */
#define CR_WIN_SD_DACL_AUTO_INHERIT_REQ 0x0100u
#define CR_WIN_SD_SACL_AUTO_INHERIT_REQ 0x0200u
#define CR_WIN_SD_DACL_AUTO_INHERITED   0x0400u
#define CR_WIN_SD_SACL_AUTO_INHERITED   0x0800u
#define CR_WIN_SD_DACL_PROTECTED        0x1000u
#define CR_WIN_SD_SACL_PROTECTED        0x2000u

/* Attributes of a token's groups (winnt.h, TOKEN_GROUPS). */
#define CR_WIN_GROUP_ENABLED   0x04u
#define CR_WIN_GROUP_OWNER     0x08u
#define CR_WIN_GROUP_DENY_ONLY 0x10u

/* Flags of CreateRestrictedToken (winnt.h). */
#define CR_WIN_TOKEN_DISABLE_MAX_PRIVILEGE 0x1u
#define CR_WIN_TOKEN_LUA_TOKEN             0x4u
#define CR_WIN_TOKEN_WRITE_RESTRICTED      0x8u

#endif
