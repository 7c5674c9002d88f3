/* Rows of the database as answers show them. */
#include "apps/wallet/wallet.h"

#include <string.h>

#include "base/clock.h"
#include "base/sha256.h"

enum { USER_ID_BYTES = 8 };

void
wallet_answer(struct request *request, const struct schema *schema, const void *body)
{
    response_header(request, "Cache-Control", "no-store");
    response_json(request, 200, schema, body);
}

const char *
user_id_of(const char *address, struct arena *arena)
{
    unsigned char bytes[SHA256_BYTES];
    struct sha256 digest;
    char *text = arena_alloc(arena, 2 * USER_ID_BYTES + 1);
    sha256_init(&digest);
    sha256_add(&digest, address, strlen(address));
    sha256_end(&digest, bytes);
    hex_format(text, bytes, USER_ID_BYTES);
    return text;
}

const char *
filed_address(const char *text, struct arena *arena)
{
    struct ethereum_address address;
    if (!ethereum_address_parse(text, strlen(text), &address))
        return NULL;
    char *filed = arena_alloc(arena, ETHEREUM_TEXT_BYTES);
    ethereum_address_file(&address, filed);
    return filed;
}

const struct session_view *
session_view_of(const struct wallet_session *session, struct arena *arena)
{
    struct session_view *view = arena_alloc(arena, sizeof(*view));
    struct error ignored = {0};
    *view = (struct session_view){
        .session_id = session->id,
        .wallet_address = session->address,
        .wallet_type = session->wallet_type,
        .chain_id = session->chain_id,
        .user_id = user_id_of(session->address, arena),
        .account_id = session->account_id,
        .verified = session->account_id != NULL,
        .created_at = clock_text(arena, session->created_us),
        .last_activity = clock_text(arena, session->last_activity_us),
        .preferences =
            schema_parse(session->preferences, strlen(session->preferences), arena, &ignored),
    };
    return view;
}

struct user_view
user_view_of(const struct wallet *wallet, const char *account_id, struct arena *arena)
{
    return (struct user_view){
        .user_id = user_id_of(wallet->address, arena),
        .account_id = account_id,
        .wallet_address = wallet->address,
        .linked_at = clock_text(arena, wallet->linked_us),
        .last_activity = wallet->sessions > 0 ? clock_text(arena, wallet->last_activity_us) : NULL,
        .sessions = wallet->sessions,
    };
}
