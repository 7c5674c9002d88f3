/* What the owner of a wallet sees and changes of it and of its sessions. */
#include <string.h>

#include "access/caller.h"
#include "access/presence.h"
#include "access/session_token.h"
#include "apps/wallet/wallet.h"
#include "base/clock.h"

enum { US_PER_S = 1000000 };

bool
wallet_handle_disconnect(struct request *request, struct error *err)
{
    const struct address_request *input = request->input;
    const char *address = filed_address(input->address, &request->arena);
    if (!wallet_session_end(request, request->caller->account_id, address, err))
        return false;
    wallet_answer(request, &wallet_message_schema,
                  &(struct message_answer){"The wallet is disconnected", WALLET_SUCCESS});
    return true;
}

/* A session of the caller. */
static bool
own_session(struct request *request, const char *id, const char *preferences,
            const struct wallet_session **session, struct error *err)
{
    return wallet_session_find(request, id, request->caller->account_id, preferences, session, err);
}

bool
wallet_handle_give_token(struct request *request, struct error *err)
{
    const struct session_id_request *input = request->input;
    const struct wallet_session *session;
    const char *token;
    if (!in_person(request, err) || !own_session(request, input->session_id, NULL, &session, err))
        return false;
    struct session_token_wish wish = {session->account_id, session->sign_in_id, session->id,
                                      session->address};
    if (!session_token_add(request, &wish, &token, err))
        return false;
    wallet_answer(request, &wallet_token_schema,
                  &(struct token_answer){token, WALLET_SUCCESS, SESSION_TOKEN_TTL_S});
    return true;
}

bool
wallet_handle_show_session(struct request *request, struct error *err)
{
    const struct wallet_session *session;
    if (!own_session(request, request->path_parameters[0], NULL, &session, err))
        return false;
    wallet_answer(
        request, &wallet_session_schema,
        &(struct session_answer){(struct session_view *)session_view_of(session, &request->arena),
                                 WALLET_SUCCESS});
    return true;
}

static bool
own_wallet(struct request *request, const char *address, const struct wallet **wallet,
           struct error *err)
{
    const char *filed = filed_address(address, &request->arena);
    *wallet = NULL;
    if (filed && !wallet_find(request, request->caller->account_id, filed, wallet, err))
        return false;
    return *wallet || error_set(err, ERROR_NOT_FOUND, "there is no such wallet of yours");
}

bool
wallet_handle_show_user(struct request *request, struct error *err)
{
    const struct wallet *wallet;
    if (!own_wallet(request, request->path_parameters[0], &wallet, err))
        return false;
    struct user_view view = user_view_of(wallet, request->caller->account_id, &request->arena);
    wallet_answer(request, &wallet_user_schema, &(struct user_answer){&view, WALLET_SUCCESS});
    return true;
}

bool
wallet_handle_show_stats(struct request *request, struct error *err)
{
    const struct wallet_session *session;
    const struct wallet *wallet;
    if (!own_session(request, request->path_parameters[0], NULL, &session, err) ||
        !own_wallet(request, session->address, &wallet, err))
        return false;
    struct stats_view view = {
        .session_id = session->id,
        .wallet_address = session->address,
        .connected_at = clock_text(&request->arena, session->created_us),
        .last_activity = clock_text(&request->arena, session->last_activity_us),
        .connected_seconds = (session->last_activity_us - session->created_us) / US_PER_S,
        .sessions = wallet->sessions,
    };
    wallet_answer(request, &wallet_stats_schema, &(struct stats_answer){&view, WALLET_SUCCESS});
    return true;
}

bool
wallet_handle_list_wallets(struct request *request, struct error *err)
{
    const char *account_id = request->caller->account_id;
    const struct list *rows = wallet_list(request, account_id, err);
    if (!rows)
        return false;
    const struct wallet *wallets = rows->items;
    struct user_view *views = arena_array(&request->arena, rows->count + 1, sizeof(*views));
    for (size_t i = 0; i < rows->count; i++)
        views[i] = user_view_of(&wallets[i], account_id, &request->arena);
    wallet_answer(request, &wallets_schema,
                  &(struct wallets_answer){{views, rows->count}, WALLET_SUCCESS});
    return true;
}

bool
wallet_handle_merge_preferences(struct request *request, struct error *err)
{
    const struct wallet_session *session;
    struct strbuf text;
    strbuf_init(&text, &request->arena, request->body_length + 1);
    schema_encode_json(&text, request->document);
    if (!own_session(request, request->path_parameters[0], text.data, &session, err))
        return false;
    struct preferences_answer body = {"The preferences are changed", WALLET_SUCCESS,
                                      session_view_of(session, &request->arena)->preferences};
    wallet_answer(request, &wallet_preferences_schema, &body);
    return true;
}
