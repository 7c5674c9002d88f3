/* What user names, e-mail addresses and phone numbers may be. */
#ifndef HEARTH_ACCESS_ACCOUNT_RULES_H
#define HEARTH_ACCESS_ACCOUNT_RULES_H

#include "base/arena.h"

enum { USER_NAME_MIN = 3, USER_NAME_MAX = 30 /* code points */ };

/* Each: what is wrong with it, as a sentence for its field; NULL for nothing. text is UTF-8. */

/* Of a name in its normal form: 3 to 30 letters and digits of any script, '_', '.', '@', '+', '-'.
 */
const char *user_name_complaint(const char *text);
const char *email_complaint(const char *text);
/* "+" and 9 to 15 digits, or the digits alone; "" for none. */
const char *phone_complaint(const char *text);

/* The form in which a user name is kept (Unicode's NFKC), so that what looks and reads the same is
 * the same. In the arena. */
const char *user_name_normal(const char *text, struct arena *arena);

/* The form in which two user names are compared: NFKC_Casefold, which knows no case. In the arena.
 */
const char *user_name_folded(const char *text, struct arena *arena);

#endif
