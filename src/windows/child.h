/* child.h - the end of a box: struct cr_child's impl is a struct cr_box. */
#ifndef CR_WINDOWS_CHILD_H
#define CR_WINDOWS_CHILD_H

#include "box.h"

/* Ends every process of the box and waits until none is left. Safe at any state of the box. */
void cr_box_end(struct cr_box *box, DWORD exit_code);

#endif
