/*
 * attr.h - attributes that compilers spell differently.
 *
 * mingw-w64's gcc takes `printf` for Microsoft's, which has no %zu; the C library in use is the
 * standard one (__USE_MINGW_ANSI_STDIO).
 */
#ifndef CR_ATTR_H
#define CR_ATTR_H

#ifdef __MINGW32__
#define CR_PRINTF(fmt, args) __attribute__((format(gnu_printf, fmt, args)))
#else
#define CR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#endif

#endif
