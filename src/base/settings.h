/* All settings of all programs, as one table: from its rows come parsing (environment, then the
 * configuration file, then the default), complaints with line and range, `hearth settings`, and the
 * manual's list. After settings_load() the struct is const for the life of the process: a rolling
 * restart is the reload. */
#ifndef HEARTH_BASE_SETTINGS_H
#define HEARTH_BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

/* "60/60": at most count requests in seconds. */
struct rate {
    int64_t count;
    int64_t seconds;
};

enum provider_kind { PROVIDER_LOCAL, PROVIDER_OPENAI, PROVIDER_GEMINI, PROVIDER_ANTHROPIC };

/* Where models are asked: provider "name" { kind, base_url, key }. */
struct provider_settings {
    const char *name;
    enum provider_kind kind;
    const char *base_url; /* without a trailing slash; NULL for local */
    const char *key;      /* secret; NULL for none */
    bool responses;       /* has an endpoint of OpenAI's Responses interface */
};

enum { MODEL_FALLBACKS_MAX = 8 };

/* The clocks of a call, for all models of a strategy: strategy "balanced" { ... }. Each is 0 where
 * the section does not set it. */
struct strategy_settings {
    const char *name;
    int64_t connect_timeout_ms, headers_timeout_ms, first_token_timeout_ms, gap_timeout_ms,
        total_timeout_ms;
};

/* A model that may be asked: model "name" { provider, id, context, prices, fallbacks, ... }. */
struct model_settings {
    const char *name;           /* what callers and fallbacks say */
    const char *const *aliases; /* what they may say instead; NULL-terminated */
    const struct provider_settings *provider;
    const char *id;             /* what the provider calls it; the name where not set */
    int64_t context_tokens;     /* 0: unknown */
    int64_t price_input_micros; /* per million tokens, in millionths of the currency unit */
    int64_t price_output_micros;
    int64_t price_cached_input_micros; /* price_input_micros where not set */
    int64_t price_cache_write_micros;  /* likewise */
    int64_t output_tokens;             /* that an answer may have; 0: unknown */
    const struct model_settings *fallbacks[MODEL_FALLBACKS_MAX + 1]; /* NULL-terminated, in order */
    int64_t requests_per_minute;                                     /* 0: no limit known */
    int64_t tokens_per_minute;
    int64_t concurrency;      /* calls at once over all workers of the host; 0: no limit */
    int64_t queue_timeout_ms; /* how long a call waits for its turn before the next model's */
    int64_t connect_timeout_ms, headers_timeout_ms, first_token_timeout_ms, gap_timeout_ms,
        total_timeout_ms; /* 0: the strategy's */
    bool whole;           /* delivery: a stream is held back until its answer is complete */
};

struct settings {
    /* identity */
    const char *app_name;       /* APP_NAME */
    const char *environment;    /* ENVIRONMENT */
    bool production;            /* derived: production, prod, staging or live, or ENFORCE_AUTH */
    bool enforce_auth;          /* ENFORCE_AUTH: keys are demanded in any environment */
    bool debug;                 /* DEBUG */
    const char *log_level;      /* LOG_LEVEL */
    bool request_log;           /* REQUEST_LOGGING_ENABLED: a line per request */
    bool disable_internal_docs; /* DISABLE_INTERNAL_DOCS */

    /* credentials */
    const char *api_key;             /* API_KEY, secret */
    const char *additional_api_keys; /* ADDITIONAL_API_KEYS, secret, comma list (normalised: a list
                                        has no blanks, empty items, or JSON brackets here) */
    const char *account_scopes;      /* ACCOUNT_SCOPES, comma list */
    int64_t auth_grace_s;            /* AUTH_GRACE_S */
    bool internal_public;            /* INTERNAL_PUBLIC */

    /* accounts */
    const char *mail_from;         /* MAIL_FROM */
    const char *mailbox_directory; /* MAILBOX_DIRECTORY; "" for none */
    const char *public_url;        /* PUBLIC_URL, without a trailing slash; "" for none */
    const char *registration;      /* REGISTRATION: open, closed */
    const char *smtp_url;          /* SMTP_URL, secret; "" for none */
    const char *smtp_ca_file;      /* SMTP_CA_FILE */

    /* sign-ins */
    const char *auth_secret;          /* AUTH_SECRET, secret */
    const char *jwt_algorithm;        /* JWT_ALGORITHM: HS256, EdDSA, RS256 */
    const char *jwt_key_files;        /* JWT_KEY_FILES: comma list; the first signs */
    const char *jwt_previous_secrets; /* JWT_PREVIOUS_SECRETS, secret, comma list */
    const char *jwt_issuer;           /* JWT_ISSUER */
    const char *jwt_audience;         /* JWT_AUDIENCE */
    int64_t access_token_ttl_s;       /* ACCESS_TOKEN_TTL */
    int64_t refresh_token_ttl_s;      /* REFRESH_TOKEN_TTL */
    int64_t session_ttl_s;            /* SESSION_TTL: of a browser's session without a request */
    int64_t sign_ins_per_account;     /* SIGN_INS_PER_ACCOUNT: that last, and that have ended */
    const char *google_client_id;     /* GOOGLE_CLIENT_ID: comma list; "" for none */
    const char *google_client_secret; /* GOOGLE_CLIENT_SECRET, secret */
    const char *google_issuer;        /* GOOGLE_ISSUER, without a trailing slash */
    const char *wallet_chains;        /* WALLET_CHAINS: comma list of numbers */
    const char *wallet_domains;       /* WALLET_DOMAINS: comma list; "": PUBLIC_URL's host */
    int64_t password_memory_kib;      /* PASSWORD_MEMORY */
    int64_t password_passes;          /* PASSWORD_PASSES */

    /* HTTP */
    const char *allowed_origins; /* ALLOWED_ORIGINS, CORS_ORIGINS: comma or JSON list, or "*" */
    int64_t max_request_bytes;   /* MAX_REQUEST_SIZE */
    bool security_headers;       /* SECURITY_HEADERS_ENABLED */
    bool api_versioning;         /* API_VERSIONING_ENABLED */
    const char *trusted_proxies; /* TRUSTED_PROXIES: addresses whose X-Forwarded-For counts */
    bool rate_limiting;          /* RATE_LIMITING_ENABLED */
    struct rate rate_limit_process, rate_limit_auth, rate_limit_health, rate_limit_default,
        rate_limit_sign_in;
    const char *rate_limit_scope; /* RATE_LIMIT_SCOPE: host, shared */
    int64_t streams_per_caller;   /* STREAMS_PER_CALLER; 0: no limit */
    int64_t idempotency_ttl_s;    /* IDEMPOTENCY_TTL */

    /* worker */
    int64_t front_threads;         /* FRONT_THREADS, 0: one per core */
    int64_t waiting_threads;       /* WAITING_THREADS: most requests that wait at once, a worker */
    int64_t worker_max_requests;   /* WORKER_MAX_REQUESTS: then it ends and is replaced; 0: never */
    int64_t stop_timeout_s;        /* STOP_TIMEOUT: for requests in flight at SIGTERM */
    const char *runtime_directory; /* RUNTIME_DIRECTORY: where the shared file lies */

    /* store */
    const char *database_url;           /* DATABASE_URL, secret; "" for none */
    const char *database_read_url;      /* DATABASE_READ_URL, secret; "" for none */
    const char *database_migration_url; /* DATABASE_MIGRATION_URL, secret; "": database_url */
    const char *database_pooling;       /* DATABASE_POOLING: session, transaction */
    int64_t database_pool_size;         /* DATABASE_POOL_SIZE: connections of a worker */
    int64_t database_timeout_ms;        /* DATABASE_TIMEOUT: of a call, waiting included */
    int64_t pool_size;                  /* POOL_SIZE: workers of this host; 0: not told */

    /* cache */
    bool ai_cache;                 /* ENABLE_AI_CACHE */
    const char *memcached_servers; /* MEMCACHED_SERVERS: "host:port" or "/path.sock", comma list; ""
                                      for none */
    const char *cache_prefix;      /* CACHE_PREFIX */
    const char *cache_preset;      /* CACHE_PRESET */
    const char *cache_custom_config;           /* CACHE_CUSTOM_CONFIG: JSON */
    int64_t cache_default_ttl_s;               /* CACHE_DEFAULT_TTL; 0: the preset's */
    int64_t cache_compression_threshold_bytes; /* CACHE_COMPRESSION_THRESHOLD; -1: the preset's */
    int64_t cache_l1_bytes;                    /* CACHE_L1_BYTES */
    int64_t cache_stale_s; /* CACHE_STALE: how long past its end an answer may serve */

    /* models */
    const char *ai_model;       /* AI_MODEL: name of the default model; "" chooses by keys */
    double ai_temperature;      /* AI_TEMPERATURE */
    const char *guard_mode;     /* GUARD_MODE: flag, block */
    int64_t input_max_length;   /* INPUT_MAX_LENGTH */
    int64_t batch_max_requests; /* MAX_BATCH_REQUESTS_PER_CALL */
    int64_t batch_concurrency;  /* BATCH_AI_CONCURRENCY_LIMIT */
    const char *strategy_summarize, *strategy_sentiment, *strategy_key_points, *strategy_questions,
        *strategy_qa, *strategy_gateway;  /* SUMMARIZE_RESILIENCE_STRATEGY ...; "": not chosen */
    const char *resilience_preset;        /* RESILIENCE_PRESET */
    const char *resilience_custom_config; /* RESILIENCE_CUSTOM_CONFIG: JSON */
    const char *alert_webhook_url;        /* ALERT_WEBHOOK_URL, secret; "" for none */
    int64_t alert_error_rate_percent;     /* ALERT_ERROR_RATE; 0: no alert */
    const char *gemini_api_key, *openai_api_key, *anthropic_api_key; /* secrets */
    const char *openai_base_url, *gemini_base_url, *anthropic_base_url;

    /* traces */
    int64_t audit_retention_days;     /* AUDIT_RETENTION_DAYS */
    int64_t usage_retention_days;     /* USAGE_RETENTION_DAYS */
    int64_t usage_day_retention_days; /* USAGE_DAY_RETENTION_DAYS */
    int64_t trace_retention_days;     /* TRACE_RETENTION_DAYS */
    bool trace_bodies;                /* TRACE_BODIES */
    int64_t trace_body_bytes;         /* TRACE_BODY_BYTES */
    int64_t reservation_ttl_s;        /* RESERVATION_TTL */
    int64_t reserved_output;          /* RESERVED_OUTPUT: tokens */
    const char *spool_directory;      /* SPOOL_DIRECTORY */

    /* from the file's sections and the keys above; "local" is always the last one of both */
    const struct provider_settings *providers;
    size_t provider_count;
    const struct model_settings *models;
    size_t model_count;
    const struct model_settings *default_model;
    const struct strategy_settings *strategies; /* only those with a section */
    size_t strategy_count;

    const char *const *origins; /* of each row of the table: "default", "environment", "x.conf:3" */
    const char *warnings;       /* what was let pass, one a line; "" for nothing */
    struct arena *arena;        /* owns every text above */
};

#define SETTINGS_DEFAULT_FILE "/etc/hearth/hearth.conf"

/* Reads the file at path (NULL: the default one, which may be missing) and the process environment.
 * Fills complaints with everything that does not hold, one a line, each with its place, value and
 * allowed range; in production a missing secret is one. Logs the warnings. The arena must outlive
 * the settings; the caller has made complaints on any arena. */
bool settings_load(struct settings *settings, const char *path, struct arena *arena,
                   struct strbuf *complaints) __attribute__((warn_unused_result));

/* As settings_load() with the file's text (NULL for none) and the environment given, for tests and
 * the fuzz target; logs nothing. environment is like environ(7). */
bool settings_parse(struct settings *settings, const char *file_text, const char *file_name,
                    char *const *environment, struct arena *arena, struct strbuf *complaints)
    __attribute__((warn_unused_result));

/* Name, value (secrets masked), origin, default and meaning of every setting, as aligned text or as
 * a Markdown table (without values: the manual's). */
void settings_list(const struct settings *settings, struct strbuf *out);
void settings_markdown(struct strbuf *out);

/* The model of this name or alias, or NULL. */
const struct model_settings *settings_model(const struct settings *settings, const char *name);

#endif
