/* hearth user: the accounts of people, for operators. */
#include <stdio.h>
#include <string.h>

#include "access/access.h"
#include "access/account_change.h"
#include "access/audit.h"
#include "access/caller.h"
#include "apps/accounts/accounts.h"
#include "fcgi/hearth.h"
#include "http/scope.h"
#include "net/mail.h"

enum { LIST_LIMIT = 200 };

/* An operator's request: what accounts are changed through, told to the audit trail by his name. */
struct desk {
    struct command *command;
    struct database database;
    struct access access;
    struct transport transport;
    struct caller caller;
    struct request request;
};

static int
fail(const struct error *err)
{
    fprintf(stderr, "hearth: %s\n", err->detail);
    return 1;
}

static const char *
no_parameter(void *carrier, const char *name)
{
    (void)carrier;
    (void)name;
    return NULL;
}

static bool
open_desk(struct desk *desk, struct command *command, struct error *err)
{
    *desk = (struct desk){.command = command, .transport.parameter = no_parameter};
    if (!command_database(command, false, &desk->database, err))
        return false;
    desk->access = (struct access){.settings = &desk->database.settings,
                                   .host = desk->database.host,
                                   .store = desk->database.store};
    desk->caller = (struct caller){.tenant = audit_operator(&command->arena), .scopes = SCOPE_ALL};
    desk->request = (struct request){.access = &desk->access,
                                     .transport = &desk->transport,
                                     .remote_address = "",
                                     .caller = &desk->caller,
                                     .may_wait = true};
    return true;
}

static void
close_desk(struct desk *desk)
{
    arena_release(&desk->request.arena);
    command_database_close(&desk->database);
}

static void
print_row(const struct account_view *view)
{
    printf("%s  %-8s %-5s  ", view->id, view->is_active ? "active" : "closed",
           view->is_admin ? "admin" : "");
    command_print(view->username);
    printf("  ");
    command_print(view->email);
    printf("%s  last seen %s\n", view->email && !view->email_verified ? " (not verified)" : "",
           view->last_login_at ? view->last_login_at : "never");
}

static int
print_account(struct desk *desk, const struct account *account)
{
    const struct account_view view = account_view(account, &desk->request.arena);
    if (desk->command->json)
        return command_json(desk->command, &account_view_schema, &view);
    print_row(&view);
    return fflush(stdout) != 0;
}

static int
list(struct desk *desk)
{
    struct error err = {0};
    struct account_search search = {.text = desk->command->second, .limit = LIST_LIMIT};
    for (;;) {
        const struct list *rows =
            account_list(desk->access.store, &search, &desk->request.arena, &err);
        if (!rows)
            return fail(&err);
        const struct account *account = rows->items;
        for (size_t i = 0; i < rows->count; i++)
            if (print_account(desk, &account[i]) != 0)
                return 1;
        if (rows->count < LIST_LIMIT)
            return 0;
        search.before_id = account[rows->count - 1].id;
    }
}

/* The account that the command line names; NULL after telling why there is none. */
static const struct account *
find(struct desk *desk)
{
    struct error err = {0};
    const struct account *account;
    if (!account_look_up(desk->access.store, desk->command->second, &desk->request.arena, &account,
                         &err))
        fail(&err);
    else if (!account)
        fprintf(stderr, "hearth: there is no account \"%s\"\n", desk->command->second);
    else
        return account;
    return NULL;
}

static int
show(struct desk *desk)
{
    const struct account *account = find(desk);
    return account ? print_account(desk, account) : 1;
}

static int
set(struct desk *desk, enum account_switch which, bool on)
{
    struct error err = {0};
    const struct account *account = find(desk);
    if (!account)
        return 1;
    return account_set(&desk->request, account->id, which, on, &err) ? show(desk) : fail(&err);
}

static int
promote(struct desk *desk)
{
    return set(desk, ACCOUNT_ADMIN, true);
}

static int
demote(struct desk *desk)
{
    return set(desk, ACCOUNT_ADMIN, false);
}

static int
activate(struct desk *desk)
{
    return set(desk, ACCOUNT_ACTIVE, true);
}

static int
deactivate(struct desk *desk)
{
    return set(desk, ACCOUNT_ACTIVE, false);
}

static int
create(struct desk *desk)
{
    struct error err = {0};
    const struct account *account;
    const struct account_wish wish = {.email = desk->command->second, .is_invited = true};
    if (!mail_is_configured(desk->access.settings)) {
        fputs("hearth: neither SMTP_URL nor MAILBOX_DIRECTORY is set, and the person gets a mail "
              "to set a password with\n",
              stderr);
        return 1;
    }
    return account_create(&desk->request, &wish, &account, &err) ? print_account(desk, account)
                                                                 : fail(&err);
}

int
hearth_user(struct command *command)
{
    static const struct {
        const char *name;
        bool names_one; /* somebody is named behind it; else that may be */
        int (*run)(struct desk *desk);
    } actions[] = {
        {"activate", true, activate}, {"admin", true, promote},
        {"create", true, create},     {"deactivate", true, deactivate},
        {"list", false, list},        {"no-admin", true, demote},
        {"show", true, show},
    };
    struct error err = {0};
    struct desk desk;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (!command->argument || strcmp(command->argument, actions[i].name) != 0 ||
            (actions[i].names_one && !command->second))
            continue;
        if (!open_desk(&desk, command, &err))
            return fail(&err);
        int code = actions[i].run(&desk);
        close_desk(&desk);
        return code;
    }
    fputs("hearth: user needs: list [TEXT], show WHO, create EMAIL, admin WHO, no-admin WHO, "
          "deactivate WHO, or activate WHO\n",
          stderr);
    return 2;
}
