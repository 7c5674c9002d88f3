/* What changes of an account, each with its row of the audit trail. All of it needs the waiting
 * lane and a database. Of changes of one account at once each begins when the one before is done.
 */
#ifndef HEARTH_ACCESS_ACCOUNT_CHANGE_H
#define HEARTH_ACCESS_ACCOUNT_CHANGE_H

#include "access/account.h"

struct schema_errors;

/* NULL leaves a part as it is, "" clears it (but a user name). */
struct account_change {
    const char *user_name, *phone_number, *display_name, *picture_url;
    const char *email;   /* takes the place of the present one when it is verified; never "" */
    const char *profile; /* JSON text of an object that is laid over it; null takes a member out */
};

/* Adds what does not do of a change, or is taken. false with err where that cannot be told. */
bool account_check_change(struct request *request, const struct account *account,
                          const struct account_change *change, struct schema_errors *errors,
                          struct error *err) __attribute__((warn_unused_result));

/* What is wrong with a new password of this account; NULL for nothing. */
const char *account_password_complaint(const struct account *account, const char *password);

/* All of it or nothing. Another address is written to, and so is the present one, which stays the
 * account's until the new one is verified; the present one given again drops a new one. Where mail
 * is not set up it is replaced at once. ERROR_VALIDATION_FAILED names what does not do or is taken;
 * ERROR_CONFLICT where the account has another address by now, or the sign-in that asks has ended.
 */
bool account_change(struct request *request, const struct account *account,
                    const struct account_change *change, struct error *err)
    __attribute__((warn_unused_result));

/* Another password: ends all sign-ins except one (NULL: none) within a second, makes reset tokens
 * worthless, and tells the address. ERROR_VALIDATION_FAILED at "password" where its rules do not
 * hold; ERROR_CONFLICT where it was changed meanwhile, or as account_change(). */
bool account_change_password(struct request *request, const struct account *account,
                             const char *password, const char *except_sign_in_id, struct error *err)
    __attribute__((warn_unused_result));

/* Keeps a right password under the settings of today. What goes wrong is left for the next time.
 * Returns the hash that is kept now; NULL: another one than the account's was meanwhile. */
const char *account_rehash(struct request *request, const struct account *account,
                           const char *password);

/* Takes the token of a mail for another password. The account must be this one where id is not
 * NULL. ERROR_VALIDATION_FAILED at "token" or "password"; a password that does not do leaves the
 * token good. */
bool account_reset_password(struct request *request, const char *id, const char *token,
                            const char *password, struct error *err)
    __attribute__((warn_unused_result));

/* Sends the mail to verify the address, or the one that is to be it, once more. Nothing where there
 * is none to verify. */
bool account_ask_email(struct request *request, const struct account *account, struct error *err)
    __attribute__((warn_unused_result));

/* Takes its token; an address that was to be the account's is from now on, and the former one, if
 * it was verified, gets a link to undo that. ERROR_VALIDATION_FAILED at "token", or at "email"
 * where it is another account's by now. */
bool account_verify_email(struct request *request, const char *token, struct error *err)
    __attribute__((warn_unused_result));

/* Takes the token that a verified address got when another was to take its place: it is the
 * account's again. Ends all sign-ins, takes identities and the password away, and has a mail sent
 * to set one. ERROR_VALIDATION_FAILED at "token". */
bool account_undo_email(struct request *request, const char *token, struct error *err)
    __attribute__((warn_unused_result));

/* Ties an identity to an account. ERROR_CONFLICT where it is another's, or as account_change();
 * fine where it is this one's. */
bool account_link(struct request *request, const struct account *account, const char *provider,
                  const char *subject, struct error *err) __attribute__((warn_unused_result));

/* Ends an account: its person's data, identities, keys, sign-ins, mails and budgets go, within a
 * second everywhere; its usage stays under an id that leads to nobody. */
bool account_delete(struct request *request, const struct account *account, struct error *err)
    __attribute__((warn_unused_result));

/* By an operator: whether it may sign in, whether it is an operator's. Told to every worker. */
enum account_switch { ACCOUNT_ACTIVE, ACCOUNT_ADMIN };
bool account_set(struct request *request, const char *id, enum account_switch which, bool on,
                 struct error *err) __attribute__((warn_unused_result));

#endif
