/* The tables: every setting there is. From a row come parsing, complaints, `hearth settings` and
 * docs/settings.md. Alphabetical: a test holds them to it. */
#include "base/settings_row.h"

static const char *const cache_presets[] = {"disabled",      "minimal",    "simple",
                                            "development",   "production", "ai-development",
                                            "ai-production", NULL};
static const char *const database_poolings[] = {"session", "transaction", NULL};
static const char *const guard_modes[] = {"flag", "block", NULL};
static const char *const jwt_algorithms[] = {"HS256", "EdDSA", "RS256", NULL};
static const char *const log_levels[] = {"debug", "info", "warning", "error", "critical", NULL};
static const char *const registrations[] = {"open", "closed", NULL};
static const char *const resilience_presets[] = {"simple", "development", "production", NULL};
static const char *const strategies[] = {"aggressive", "balanced", "conservative", "critical",
                                         NULL};
static const char *const rate_scopes[] = {"host", "shared", NULL};
static const char *const yes_no[] = {"yes", "no", NULL};
static const char *const deliveries[] = {"live", "whole", NULL};
const char *const settings_strategy_names[] = {"aggressive", "balanced", "conservative",
                                               "critical",   "gateway",  NULL};
static const char *const provider_kinds[] = {"openai", "gemini", "anthropic", NULL};

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define AT(member) .offset = offsetof(struct settings, member)
#define STRATEGY(operation)                                                                        \
    "How hard " operation " is tried when models fail. Empty: as the preset says."

const struct setting settings_rows[] = {
    {"ACCESS_TOKEN_TTL", .type = SETTING_INTEGER, AT(access_token_ttl_s), .initial = "86400",
     .minimum = 60, .maximum = 2592000, .doc = "Seconds that an access token is good."},
    {"ACCOUNT_SCOPES", .type = SETTING_LIST, AT(account_scopes),
     .initial = "budget,persona,study,explain", .characters = NAME_CHARACTERS ",",
     .doc = "What signed-in people may use, as a comma list of text, gateway, budget, persona, "
            "study and explain. Administrators may use /internal as well."},
    {"ADDITIONAL_API_KEYS", .type = SETTING_LIST, .secret = true, AT(additional_api_keys),
     .initial = "", .doc = "Further keys that callers may use, as a comma list."},
    {"AI_MODEL", .type = SETTING_TEXT, AT(ai_model), .initial = "", .maximum = 128,
     .characters = NAME_CHARACTERS "._:/@+-",
     .doc = "Name of the default model. Empty: the first one configured, else by the keys that are "
            "set (Gemini, OpenAI, Anthropic), else local."},
    {"AI_TEMPERATURE", .type = SETTING_NUMBER, AT(ai_temperature), .initial = "0.7", .maximum = 2,
     .doc = "Temperature that models are asked to answer with."},
    {"ALERT_ERROR_RATE", .type = SETTING_INTEGER, AT(alert_error_rate_percent), .initial = "10",
     .maximum = 100,
     .doc = "Percent of answers that may be failures of ours (5xx) before an alert is raised; 0: "
            "none is."},
    {"ALERT_WEBHOOK_URL", .type = SETTING_ADDRESS, .secret = true, AT(alert_webhook_url),
     .initial = "", .doc = "Where alerts are sent, as JSON by POST. Empty: nowhere."},
    {"ALLOWED_ORIGINS", .alias = "CORS_ORIGINS", .type = SETTING_LIST, AT(allowed_origins),
     .initial = "",
     .doc = "Origins whose pages may call us: comma or JSON list, or *. Empty: the usual ones of "
            "local development, and none in production."},
    {"ANTHROPIC_API_KEY", .type = SETTING_TEXT, .secret = true, AT(anthropic_api_key),
     .initial = "", .maximum = 4096, .doc = "Key for the provider \"anthropic\"."},
    {"ANTHROPIC_BASE_URL", .type = SETTING_URL, AT(anthropic_base_url),
     .initial = "https://api.anthropic.com/v1", .doc = "Where the provider \"anthropic\" is."},
    {"API_KEY", .type = SETTING_TEXT, .secret = true, AT(api_key), .initial = "", .maximum = 4096,
     .doc = "Key that callers must send. Without any key everybody may call, except in production, "
            "which does not start."},
    {"API_VERSIONING_ENABLED", .type = SETTING_BOOLEAN, AT(api_versioning), .initial = "true",
     .doc = "Take the API version from path and headers and refuse unknown ones."},
    {"APP_NAME", .type = SETTING_TEXT, AT(app_name), .initial = "Hearth", .minimum = 1,
     .maximum = 100, .doc = "Name shown in documents and greetings."},
    {"AUDIT_RETENTION_DAYS", .type = SETTING_INTEGER, AT(audit_retention_days), .initial = "365",
     .minimum = 1, .maximum = 36500,
     .doc = "Days that the audit trail is kept. Applied by hearth migrate."},
    {"AUTH_GRACE_S", .type = SETTING_INTEGER, AT(auth_grace_s), .initial = "300", .maximum = 86400,
     .doc = "Seconds that known callers go on while the database is away."},
    {"AUTH_SECRET", .alias = "JWT_SECRET", .type = SETTING_TEXT, .secret = true, AT(auth_secret),
     .initial = "", .maximum = 4096,
     .doc = "Signs tokens and what workers remember of callers: at least 32 random bytes, the same "
            "on all hosts. Production with DATABASE_URL needs it. Empty: one is made for this "
            "host."},
    {"BATCH_AI_CONCURRENCY_LIMIT", .type = SETTING_INTEGER, AT(batch_concurrency), .initial = "5",
     .minimum = 1, .maximum = 64, .doc = "Items of one batch that are worked on at once."},
    {"CACHE_COMPRESSION_THRESHOLD", .type = SETTING_BYTES, AT(cache_compression_threshold_bytes),
     .initial = "-1", .minimum = -1, .maximum = 1073741824,
     .doc = "Cached answers from this size on are compressed; -1: as the preset says."},
    {"CACHE_CUSTOM_CONFIG", .type = SETTING_TEXT, AT(cache_custom_config), .initial = "",
     .maximum = 65536, .doc = "A JSON object that overrides parts of the preset."},
    {"CACHE_DEFAULT_TTL", .type = SETTING_INTEGER, AT(cache_default_ttl_s), .initial = "0",
     .maximum = 31536000, .doc = "Seconds that an answer is kept; 0: as the preset says."},
    {"CACHE_L1_BYTES", .type = SETTING_BYTES, AT(cache_l1_bytes), .initial = "64M",
     .minimum = 1048576, .maximum = 68719476736,
     .doc = "Host memory for cached answers, shared by all workers."},
    {"CACHE_PREFIX", .type = SETTING_TEXT, AT(cache_prefix), .initial = "hearth:", .maximum = 64,
     .characters = NAME_CHARACTERS ":_.-", .doc = "Begins every key in memcached."},
    {"CACHE_PRESET", .type = SETTING_CHOICE, AT(cache_preset), .initial = "development",
     .choices = cache_presets, .doc = "Lifetimes and compression of cached answers, as a set."},
    {"CACHE_STALE", .type = SETTING_INTEGER, AT(cache_stale_s), .initial = "3600",
     .maximum = 604800,
     .doc = "Seconds past its end that an answer may still serve, marked as stale, while the model "
            "is down."},
    {"DATABASE_MIGRATION_URL", .type = SETTING_TEXT, .secret = true, AT(database_migration_url),
     .initial = "", .maximum = 4096,
     .doc = "How \"hearth migrate\" connects: as a role that may make tables. Empty: as "
            "DATABASE_URL says."},
    {"DATABASE_POOLING", .type = SETTING_CHOICE, AT(database_pooling), .initial = "session",
     .choices = database_poolings,
     .doc = "What connections lead to: session (PostgreSQL itself, or a pooler that keeps a "
            "session), or transaction (pgbouncer with pool_mode = transaction)."},
    {"DATABASE_POOL_SIZE", .type = SETTING_INTEGER, AT(database_pool_size), .initial = "4",
     .minimum = 1, .maximum = 64, .doc = "Connections to the database that a worker has at most."},
    {"DATABASE_READ_URL", .type = SETTING_TEXT, .secret = true, AT(database_read_url),
     .initial = "", .maximum = 4096,
     .doc = "A standby for queries that may lag a little. Empty: all go where DATABASE_URL says."},
    {"DATABASE_TIMEOUT", .type = SETTING_INTEGER, AT(database_timeout_ms), .initial = "1500",
     .minimum = 50, .maximum = 60000,
     .doc = "Milliseconds that a call of the database may take, its wait for a connection "
            "included."},
    {"DATABASE_URL", .type = SETTING_TEXT, .secret = true, AT(database_url), .initial = "",
     .maximum = 4096,
     .doc = "PostgreSQL as a connection string of libpq: postgresql://user:password@host/database. "
            "Empty: what needs a database is not served."},
    {"DEBUG", .type = SETTING_BOOLEAN, AT(debug), .initial = "false",
     .doc = "Log at level debug where LOG_LEVEL is not set. Never more detail in answers."},
    {"DISABLE_INTERNAL_DOCS", .type = SETTING_BOOLEAN, AT(disable_internal_docs),
     .initial = "false", .doc = "Serve no documentation of /internal. Production never does."},
    {"ENABLE_AI_CACHE", .type = SETTING_BOOLEAN, AT(ai_cache), .initial = "true",
     .doc = "Keep answers of models."},
    {"ENFORCE_AUTH", .type = SETTING_BOOLEAN, AT(enforce_auth), .initial = "false",
     .doc = "Demand keys as in production, whatever ENVIRONMENT says."},
    {"ENVIRONMENT", .type = SETTING_TEXT, AT(environment), .initial = "local", .minimum = 1,
     .maximum = 64, .characters = NAME_CHARACTERS "_.-",
     .doc = "Where this runs. production, prod, staging and live are production."},
    {"FRONT_THREADS", .type = SETTING_INTEGER, AT(front_threads), .initial = "0", .maximum = 256,
     .doc = "Threads of a worker for what needs no waiting; 0: one per core."},
    {"GATEWAY_RESILIENCE_STRATEGY", .type = SETTING_CHOICE, AT(strategy_gateway), .initial = "",
     .choices = settings_strategy_names,
     .doc = "How hard a call of the gateway is tried when models fail. Empty: gateway."},
    {"GEMINI_API_KEY", .type = SETTING_TEXT, .secret = true, AT(gemini_api_key), .initial = "",
     .maximum = 4096, .doc = "Key for the provider \"gemini\"."},
    {"GEMINI_BASE_URL", .type = SETTING_URL, AT(gemini_base_url),
     .initial = "https://generativelanguage.googleapis.com/v1beta",
     .doc = "Where the provider \"gemini\" is."},
    {"GOOGLE_CLIENT_ID", .type = SETTING_LIST, AT(google_client_id), .initial = "",
     .doc = "Our client ids at the sign-in provider; the first one begins its flows. Empty: nobody "
            "signs in with it."},
    {"GOOGLE_CLIENT_SECRET", .type = SETTING_TEXT, .secret = true, AT(google_client_secret),
     .initial = "", .maximum = 4096, .doc = "Secret of the first client id."},
    {"GOOGLE_ISSUER", .type = SETTING_URL, AT(google_issuer),
     .initial = "https://accounts.google.com",
     .doc = "The sign-in provider: Google, or another one of OpenID Connect."},
    {"GUARD_MODE", .type = SETTING_CHOICE, AT(guard_mode), .initial = "flag",
     .choices = guard_modes,
     .doc = "What happens to a text that looks like prompt injection: flag it, or block it (400)."},
    {"IDEMPOTENCY_TTL", .type = SETTING_INTEGER, AT(idempotency_ttl_s), .initial = "86400",
     .minimum = 60, .maximum = 31536000,
     .doc = "Seconds that an answer is told again to who repeats its Idempotency-Key."},
    {"INPUT_MAX_LENGTH", .type = SETTING_INTEGER, AT(input_max_length), .initial = "10000",
     .minimum = 1, .maximum = 10000000,
     .doc = "Code points that a text may have. A longer one is refused, never cut."},
    {"INTERNAL_PUBLIC", .type = SETTING_BOOLEAN, AT(internal_public), .initial = "false",
     .doc = "Serve /internal in production also where the web server does not pass "
            "HEARTH_SURFACE internal."},
    {"JWT_ALGORITHM", .type = SETTING_CHOICE, AT(jwt_algorithm), .initial = "HS256",
     .choices = jwt_algorithms,
     .doc = "How access tokens are signed: HS256 with AUTH_SECRET, EdDSA (Ed25519) or RS256 with "
            "the first key of JWT_KEY_FILES."},
    {"JWT_AUDIENCE", .type = SETTING_TEXT, AT(jwt_audience), .initial = "hearth", .minimum = 1,
     .maximum = 128, .doc = "For whom access tokens are (aud). Tokens for others are refused."},
    {"JWT_ISSUER", .type = SETTING_TEXT, AT(jwt_issuer), .initial = "hearth", .minimum = 1,
     .maximum = 128, .doc = "Who issues access tokens (iss). Tokens of others are refused."},
    {"JWT_KEY_FILES", .type = SETTING_LIST, AT(jwt_key_files), .initial = "",
     .doc = "Keys in PEM for EdDSA and RS256, as a comma list of files: the first signs, all "
            "verify."},
    {"JWT_PREVIOUS_SECRETS", .type = SETTING_LIST, .secret = true, AT(jwt_previous_secrets),
     .initial = "",
     .doc = "Former values of AUTH_SECRET whose access tokens are still good, as a comma list."},
    {"KEY_POINTS_RESILIENCE_STRATEGY", .type = SETTING_CHOICE, AT(strategy_key_points),
     .initial = "", .choices = strategies, .doc = STRATEGY("key_points")},
    {"LOG_LEVEL", .type = SETTING_CHOICE, AT(log_level), .initial = "info", .choices = log_levels,
     .doc = "Lines below this level are not logged."},
    {"MAILBOX_DIRECTORY", .type = SETTING_TEXT, AT(mailbox_directory), .initial = "",
     .maximum = 1024,
     .doc = "Folder that mails are written to, a file each, where SMTP_URL is empty: for "
            "development."},
    {"MAIL_FROM", .type = SETTING_TEXT, AT(mail_from), .initial = "hearth@localhost.localdomain",
     .maximum = 254, .doc = "Address that mails come from."},
    {"MAX_BATCH_REQUESTS_PER_CALL", .type = SETTING_INTEGER, AT(batch_max_requests),
     .initial = "200", .minimum = 1, .maximum = 200, .doc = "Items that one batch may have."},
    {"MAX_REQUEST_SIZE", .type = SETTING_BYTES, AT(max_request_bytes), .initial = "10M",
     .minimum = 1024, .maximum = 1073741824, .doc = "Bytes that a request's body may have."},
    {"MEMCACHED_SERVERS", .type = SETTING_LIST, AT(memcached_servers), .initial = "",
     .characters = NAME_CHARACTERS "_.:/-[],",
     .doc = "memcached as \"host:port\" or \"/path.sock\", as a comma list. Empty: host memory "
            "alone."},
    {"OPENAI_API_KEY", .type = SETTING_TEXT, .secret = true, AT(openai_api_key), .initial = "",
     .maximum = 4096, .doc = "Key for the provider \"openai\"."},
    {"OPENAI_BASE_URL", .type = SETTING_URL, AT(openai_base_url),
     .initial = "https://api.openai.com/v1",
     .doc = "Where the provider \"openai\" is. Set, it needs no key: Ollama, vLLM, llama.cpp."},
    {"PASSWORD_MEMORY", .type = SETTING_INTEGER, AT(password_memory_kib), .initial = "19456",
     .minimum = 8, .maximum = 1048576,
     .doc = "KiB of memory that hashing a password takes (Argon2id)."},
    {"PASSWORD_PASSES", .type = SETTING_INTEGER, AT(password_passes), .initial = "2", .minimum = 1,
     .maximum = 32, .doc = "Passes over that memory."},
    {"POOL_SIZE", .type = SETTING_INTEGER, AT(pool_size), .initial = "0", .maximum = 1024,
     .doc = "Workers of this host; whoever starts them says it. 0: not told. Connections to the "
            "database are counted with it."},
    {"PUBLIC_URL", .type = SETTING_URL, AT(public_url), .initial = "http://localhost",
     .doc = "Where people reach this: begins the links of mails."},
    {"QA_RESILIENCE_STRATEGY", .type = SETTING_CHOICE, AT(strategy_qa), .initial = "",
     .choices = strategies, .doc = STRATEGY("qa")},
    {"QUESTIONS_RESILIENCE_STRATEGY", .type = SETTING_CHOICE, AT(strategy_questions), .initial = "",
     .choices = strategies, .doc = STRATEGY("questions")},
    {"RATE_LIMITING_ENABLED", .type = SETTING_BOOLEAN, AT(rate_limiting), .initial = "true",
     .doc = "Apply the rate limits."},
    {"RATE_LIMIT_AUTH", .type = SETTING_RATE, AT(rate_limit_auth), .initial = "5/300", .minimum = 1,
     .maximum = 1000000000,
     .doc = "Checks and changes of keys of one caller, and wrong credentials of one address. "
            "docs/accounts.md says what bounds passwords."},
    {"RATE_LIMIT_DEFAULT", .type = SETTING_RATE, AT(rate_limit_default), .initial = "300/60",
     .minimum = 1, .maximum = 1000000000, .doc = "Requests of one caller to all other routes."},
    {"RATE_LIMIT_HEALTH", .type = SETTING_RATE, AT(rate_limit_health), .initial = "10000/60",
     .minimum = 1, .maximum = 1000000000, .doc = "Requests of one caller to health routes."},
    {"RATE_LIMIT_PROCESS", .type = SETTING_RATE, AT(rate_limit_process), .initial = "60/60",
     .minimum = 1, .maximum = 1000000000,
     .doc = "Requests of one caller to routes that ask a model."},
    {"RATE_LIMIT_SCOPE", .type = SETTING_CHOICE, AT(rate_limit_scope), .initial = "host",
     .choices = rate_scopes,
     .doc =
         "What a rate limit holds for: this host, or all hosts that are shared through memcached. "
         "Shared, each limited request asks memcached once, and its host alone where memcached "
         "is away."},
    {"RATE_LIMIT_SIGN_IN", .type = SETTING_RATE, AT(rate_limit_sign_in), .initial = "60/60",
     .minimum = 1, .maximum = 1000000000,
     .doc =
         "Sign-ins with Google or a wallet, and sessions of front ends, of one caller or "
         "address: a sign-in with a wallet is two requests, one by a browser through Google two."},
    {"REFRESH_TOKEN_TTL", .type = SETTING_INTEGER, AT(refresh_token_ttl_s), .initial = "2592000",
     .minimum = 300, .maximum = 31536000,
     .doc = "Seconds that a refresh token is good; each use gives a new one."},
    {"REGISTRATION", .type = SETTING_CHOICE, AT(registration), .initial = "open",
     .choices = registrations,
     .doc = "Whether anybody may make an account (open), or only hearth user create (closed)."},
    {"REQUEST_LOGGING_ENABLED", .type = SETTING_BOOLEAN, AT(request_log), .initial = "false",
     .doc = "Log a line for each request. The web server's access log has one already; failures "
            "of ours are always logged."},
    {"RESERVATION_TTL", .type = SETTING_INTEGER, AT(reservation_ttl_s), .initial = "900",
     .minimum = 1, .maximum = 86400,
     .doc = "Seconds after which a call that was not settled no longer holds what it reserved of "
            "budgets. Longer than any call takes."},
    {"RESERVED_OUTPUT", .type = SETTING_INTEGER, AT(reserved_output), .initial = "4096",
     .minimum = 1, .maximum = 1000000,
     .doc = "Tokens that are reserved of budgets for an answer where neither the request nor the "
            "model says how many it may have."},
    {"RESILIENCE_CUSTOM_CONFIG", .type = SETTING_TEXT, AT(resilience_custom_config), .initial = "",
     .maximum = 4096,
     .doc = "A JSON object that overrides parts of the preset: docs/resilience.md tells its "
            "fields."},
    {"RESILIENCE_PRESET", .type = SETTING_CHOICE, AT(resilience_preset), .initial = "simple",
     .choices = resilience_presets,
     .doc = "Attempts, waits and breakers of model calls, as a set."},
    {"RUNTIME_DIRECTORY", .type = SETTING_TEXT, AT(runtime_directory), .initial = "/run/hearth",
     .minimum = 1, .maximum = 1024,
     .doc = "Where the file lies that workers share. systemd sets it."},
    {"SECURITY_HEADERS_ENABLED", .type = SETTING_BOOLEAN, AT(security_headers), .initial = "true",
     .doc = "Send the headers that tell browsers to be strict."},
    {"SENTIMENT_RESILIENCE_STRATEGY", .type = SETTING_CHOICE, AT(strategy_sentiment), .initial = "",
     .choices = strategies, .doc = STRATEGY("sentiment")},
    {"SESSION_TTL", .type = SETTING_INTEGER, AT(session_ttl_s), .initial = "1209600",
     .minimum = 300, .maximum = 31536000,
     .doc = "Seconds without a request after which a browser's session ends. It ends after four "
            "times as many in any case."},
    {"SIGN_INS_PER_ACCOUNT", .type = SETTING_INTEGER, AT(sign_ins_per_account), .initial = "100",
     .minimum = 1, .maximum = 10000,
     .doc = "Sign-ins that one account may have at once. One more ends the one that was not used "
            "for longest; as many ended ones are kept for 30 days."},
    {"SMTP_CA_FILE", .type = SETTING_TEXT, AT(smtp_ca_file), .initial = "", .maximum = 1024,
     .doc = "PEM file with what the mail server's certificate is checked against, of a relay with "
            "an authority of its own. Empty: what the system trusts."},
    {"SMTP_URL", .type = SETTING_TEXT, .secret = true, AT(smtp_url), .initial = "", .maximum = 1024,
     .doc = "Server that mails go to: smtp://user:password@host:587 (with STARTTLS), smtps:// or "
            "smtp+plain://. Empty: none are sent."},
    {"SPOOL_DIRECTORY", .type = SETTING_TEXT, AT(spool_directory),
     .initial = "/var/lib/hearth/spool", .minimum = 1, .maximum = 1024,
     .doc = "Where lies what waits for the database: usage and audit rows."},
    {"STOP_TIMEOUT", .type = SETTING_INTEGER, AT(stop_timeout_s), .initial = "30", .minimum = 1,
     .maximum = 3600, .doc = "Seconds that requests in flight get at a stop."},
    {"STREAMS_PER_CALLER", .type = SETTING_INTEGER, AT(streams_per_caller), .initial = "0",
     .maximum = 256,
     .doc =
         "Streamed answers that one caller may read at once, over all workers of the host; 0: as "
         "many as he likes. A key may have a number of its own."},
    {"SUMMARIZE_RESILIENCE_STRATEGY", .type = SETTING_CHOICE, AT(strategy_summarize), .initial = "",
     .choices = strategies, .doc = STRATEGY("summarize")},
    {"TRACE_BODIES", .type = SETTING_BOOLEAN, AT(trace_bodies), .initial = "false",
     .doc =
         "Keep what was asked and answered on the routes that ask a model: capped, redacted, and "
         "for administrators only."},
    {"TRACE_BODY_BYTES", .type = SETTING_BYTES, AT(trace_body_bytes), .initial = "4096",
     .minimum = 64, .maximum = 65536, .doc = "Bytes that are kept of each such body."},
    {"TRACE_RETENTION_DAYS", .type = SETTING_INTEGER, AT(trace_retention_days), .initial = "7",
     .minimum = 1, .maximum = 36500,
     .doc = "Days that such bodies are kept. Applied by hearth migrate."},
    {"TRUSTED_PROXIES", .type = SETTING_LIST, AT(trusted_proxies), .initial = "",
     .characters = NAME_CHARACTERS ":./[],",
     .doc = "Addresses whose X-Forwarded-For is believed, as a comma list."},
    {"USAGE_DAY_RETENTION_DAYS", .type = SETTING_INTEGER, AT(usage_day_retention_days),
     .initial = "800", .minimum = 1, .maximum = 36500,
     .doc = "Days that the sums of usage by day are kept. Applied by hearth migrate."},
    {"USAGE_RETENTION_DAYS", .type = SETTING_INTEGER, AT(usage_retention_days), .initial = "90",
     .minimum = 1, .maximum = 36500,
     .doc = "Days that single calls' usage is kept. Applied by hearth migrate."},
    {"WAITING_THREADS", .type = SETTING_INTEGER, AT(waiting_threads), .initial = "1024",
     .minimum = 1, .maximum = 16384,
     .doc = "Requests of a worker that may wait (for a model) at once. Further ones get 503."},
    {"WALLET_CHAINS", .type = SETTING_LIST, AT(wallet_chains), .initial = "1,8453",
     .doc = "Chain ids that sign-in messages of wallets may name."},
    {"WALLET_DOMAINS", .type = SETTING_LIST, AT(wallet_domains), .initial = "",
     .doc = "Domains, with their port where it is not the usual one, whose pages may ask wallets "
            "to sign in. Empty: in production the host of PUBLIC_URL, else the one that a "
            "request names."},
    {"WORKER_MAX_REQUESTS", .type = SETTING_INTEGER, AT(worker_max_requests), .initial = "0",
     .maximum = 1000000000000,
     .doc = "Requests after which a worker ends and is replaced; 0: never."},
    {0}};

#undef AT
#define AT(member) .offset = offsetof(struct provider_draft, member)

const struct setting provider_rows[] = {
    {"base_url", .type = SETTING_URL, AT(base_url),
     .doc = "Where it is. Default: where this kind usually is."},
    {"key", .type = SETTING_TEXT, .secret = true, AT(key), .minimum = 1, .maximum = 4096,
     .doc = "Its key. Default, where base_url is not set: the kind's own setting "
            "(OPENAI_API_KEY ...)."},
    {"key_file", .type = SETTING_TEXT, AT(key_file), .minimum = 1, .maximum = 1024,
     .doc = "A file that holds the key."},
    {"kind", .type = SETTING_CHOICE, AT(kind), .choices = provider_kinds,
     .doc = "What it speaks. Default: its name where that is a kind, else openai."},
    {"responses", .type = SETTING_CHOICE, AT(responses), .choices = yes_no,
     .doc = "Whether it has an endpoint of OpenAI's Responses interface. Default: yes at "
            "api.openai.com, else no."},
    {0}};

#undef AT
#define AT(member) .offset = offsetof(struct model_draft, member)
#define CLOCK(text) .minimum = 1, .maximum = 3600000, .doc = "Milliseconds " text "."
#define MODEL_CLOCK(text) CLOCK(text ". Default: the strategy's")

const struct setting model_rows[] = {
    {"aliases", .type = SETTING_LIST, AT(aliases), .initial = "",
     .characters = NAME_CHARACTERS "._:/@+-,",
     .doc = "Other names that callers may say, as a comma list."},
    {"concurrency", .type = SETTING_INTEGER, AT(model.concurrency), .initial = "0", .maximum = 1024,
     .doc = "Calls at once, over all workers of the host; 0: no limit."},
    {"connect_timeout_ms", .type = SETTING_INTEGER, AT(model.connect_timeout_ms),
     MODEL_CLOCK("to be connected")},
    {"context", .type = SETTING_INTEGER, AT(model.context_tokens), .initial = "0",
     .maximum = 100000000,
     .doc = "Tokens that question and answer may have; 0: not known. A question that was too long "
            "for one model goes on to a fallback with more."},
    {"delivery", .type = SETTING_CHOICE, AT(delivery), .initial = "live", .choices = deliveries,
     .doc = "live: a stream is passed on as it comes. whole: it is held back until its answer is "
            "complete, so that another model can take over until then."},
    {"fallbacks", .type = SETTING_LIST, AT(fallbacks), .initial = "",
     .doc = "Models to ask when this one fails, in order, at most seven. local always ends the "
            "list."},
    {"first_token_timeout_ms", .type = SETTING_INTEGER, AT(model.first_token_timeout_ms),
     MODEL_CLOCK("from the headers of a stream to the first piece of its answer")},
    {"gap_timeout_ms", .type = SETTING_INTEGER, AT(model.gap_timeout_ms),
     MODEL_CLOCK("of silence between two pieces of a stream")},
    {"headers_timeout_ms", .type = SETTING_INTEGER, AT(model.headers_timeout_ms),
     MODEL_CLOCK("from connected to the headers of the answer")},
    {"id", .type = SETTING_TEXT, AT(model.id), .minimum = 1, .maximum = 128,
     .doc = "What the provider calls it. Default: its name."},
    {"max_output", .type = SETTING_INTEGER, AT(model.output_tokens), .initial = "0",
     .maximum = 100000000,
     .doc = "Tokens that an answer may have where the request sets no limit: what budgets reserve "
            "for it. 0: not known, RESERVED_OUTPUT is reserved."},
    {"price_cache_write", .type = SETTING_MICROS, AT(model.price_cache_write_micros),
     .maximum = 1000000,
     .doc = "Price of a million tokens of questions that the provider put into its cache. Default: "
            "price_input."},
    {"price_cached_input", .type = SETTING_MICROS, AT(model.price_cached_input_micros),
     .maximum = 1000000,
     .doc = "Price of a million tokens of questions that the provider had in its cache. Default: "
            "price_input."},
    {"price_input", .type = SETTING_MICROS, AT(model.price_input_micros), .initial = "0",
     .maximum = 1000000, .doc = "Price of a million tokens of questions, as a decimal number."},
    {"price_output", .type = SETTING_MICROS, AT(model.price_output_micros), .initial = "0",
     .maximum = 1000000,
     .doc = "Price of a million tokens of answers, with what the model thought."},
    {"provider", .type = SETTING_TEXT, AT(provider), .minimum = 1, .maximum = 64,
     .doc = "Name of its provider. Needed."},
    {"queue_timeout_ms", .type = SETTING_INTEGER, AT(model.queue_timeout_ms), .initial = "1000",
     .maximum = 600000,
     .doc = "Milliseconds that a call waits for its turn (concurrency, requests_per_minute, "
            "tokens_per_minute) before the next model is asked."},
    {"requests_per_minute", .type = SETTING_INTEGER, AT(model.requests_per_minute), .initial = "0",
     .maximum = 1000000000, .doc = "What the provider allows; 0: not known."},
    {"tokens_per_minute", .type = SETTING_INTEGER, AT(model.tokens_per_minute), .initial = "0",
     .maximum = 1000000000000,
     .doc = "What the provider allows, questions and answers together; 0: not known."},
    {"total_timeout_ms", .type = SETTING_INTEGER, AT(model.total_timeout_ms),
     MODEL_CLOCK("for the whole of an answer")},
    {0}};

#undef AT
#define AT(member) .offset = offsetof(struct strategy_settings, member)
#define STRATEGY_CLOCK(text, usual) CLOCK(text ". Default: " usual)

const struct setting strategy_rows[] = {
    {"connect_timeout_ms", .type = SETTING_INTEGER, AT(connect_timeout_ms),
     STRATEGY_CLOCK("to be connected", "5000")},
    {"first_token_timeout_ms", .type = SETTING_INTEGER, AT(first_token_timeout_ms),
     STRATEGY_CLOCK("from the headers of a stream to the first piece of its answer", "20000")},
    {"gap_timeout_ms", .type = SETTING_INTEGER, AT(gap_timeout_ms),
     STRATEGY_CLOCK("of silence between two pieces of a stream", "15000")},
    {"headers_timeout_ms", .type = SETTING_INTEGER, AT(headers_timeout_ms),
     STRATEGY_CLOCK("from connected to the headers of the answer", "30000")},
    {"total_timeout_ms", .type = SETTING_INTEGER, AT(total_timeout_ms),
     STRATEGY_CLOCK("for the whole of an answer", "300000")},
    {0}};
