/*
 * text.h - characters: UTF-8 decoding, case folding, what may be shown to people.
 *
 * Internal to the core. Strict: overlong forms, surrogates and code points above U+10FFFF are
 * invalid. cr_text_safe, which uses this, is declared in event.h.
 */
#ifndef CR_TEXT_H
#define CR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the character at `text`, of which `len` (> 0) bytes may be read. Returns its length in
 * bytes and the code point in *code; 0 when it is no valid UTF-8 (then *code is the byte).
 */
size_t cr_utf8_decode(const char *text, size_t len, uint32_t *code);

/*
 * Lower case of one code point, without regard to any locale: the pairs of letters of the first
 * plane that were in Unicode 3.2, one to one. NTFS folds no others for certain, and none of the
 * higher planes, of which it sees half characters (UTF-16 units).
 */
uint32_t cr_char_fold(uint32_t code);

/*
 * True for a letter that one NTFS volume takes for the other case of another letter and the next
 * does not: each volume has the table of the Windows that made it.
 */
bool cr_char_has_doubtful_case(uint32_t code);

/* C0, DEL and C1 control characters, and the line and paragraph separators. */
bool cr_char_is_control(uint32_t code);

/*
 * Characters that change how their neighbours look and are not seen themselves: bidi marks,
 * embeddings, overrides and isolates; zero-width spaces; byte order marks; tag characters.
 */
bool cr_char_is_deceptive(uint32_t code);

#endif
