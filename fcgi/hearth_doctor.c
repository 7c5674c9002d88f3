/* hearth doctor: a table of checks; each prints what it found and what to do. */
#include "fcgi/hearth.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

static void (*const checks[])(struct doctor *doctor) = {
    doctor_check_settings, doctor_check_clock,       doctor_check_runtime_directory,
    doctor_check_socket,   doctor_check_url,         doctor_check_memcached,
    doctor_check_database, doctor_check_web_servers, doctor_check_providers,
};

void
doctor_say(struct doctor *doctor, enum verdict verdict, const char *format, ...)
{
    static const char *const names[] = {"ok", "warn", "fail"};
    va_list arguments;
    va_start(arguments, format);
    printf("%-5s ", names[verdict]);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    doctor->failed = doctor->failed || verdict == VERDICT_FAIL;
}

static void
say_lines(struct doctor *doctor, enum verdict verdict, const char *lines)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        doctor_say(doctor, verdict, "settings: %.*s", (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

void
doctor_check_settings(struct doctor *doctor)
{
    const struct command *command = doctor->command;
    const char *file = command->config ? command->config : SETTINGS_DEFAULT_FILE;
    if (!command->settings_good) {
        say_lines(doctor, VERDICT_FAIL, command->complaints);
        return;
    }
    const struct settings *settings = &command->settings;
    doctor_say(doctor, VERDICT_OK, "settings hold%s%s",
               access(file, F_OK) == 0 ? ", with the file " : "; there is no ", file);
    say_lines(doctor, VERDICT_WARN, settings->warnings);
    struct stat status;
    if (stat(file, &status) == 0 && (status.st_mode & S_IRWXO))
        doctor_say(doctor, VERDICT_WARN,
                   "\"%s\" is open to everybody and may hold keys: give it to the group of the "
                   "workers and chmod o= it",
                   file);
    if (!*settings->api_key && !*settings->additional_api_keys && !*settings->database_url)
        doctor_say(doctor, VERDICT_WARN,
                   "no API_KEY is set here: everybody may call, unless the service's own "
                   "environment or credentials hold one");
}

void
doctor_check_clock(struct doctor *doctor)
{
    enum { BUILT_S = 1735689600, CENTURY_S = 2000000000 }; /* 2025; far beyond 2080 */
    char text[CLOCK_TEXT_BYTES];
    int64_t now_us = clock_realtime_us();
    clock_format(text, now_us);
    bool sane = now_us / 1000000 > BUILT_S && now_us / 1000000 - BUILT_S < CENTURY_S;
    doctor_say(doctor, sane ? VERDICT_OK : VERDICT_FAIL, "time of day is %s%s", text,
               sane ? "" : ": TLS and cached answers will fail; set the clock (timedatectl)");
}

void
doctor_check_runtime_directory(struct doctor *doctor)
{
    if (!doctor->command->settings_good)
        return;
    const char *path = doctor->command->settings.runtime_directory;
    struct stat status;
    if (stat(path, &status) != 0)
        doctor_say(doctor, VERDICT_FAIL,
                   "RUNTIME_DIRECTORY \"%s\": %s; make it, owned by the user of the workers "
                   "(systemd: RuntimeDirectory=hearth)",
                   path, strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        doctor_say(doctor, VERDICT_FAIL, "RUNTIME_DIRECTORY \"%s\" is not a directory", path);
    else if ((status.st_mode & S_IWOTH) && !(status.st_mode & S_ISVTX))
        doctor_say(doctor, VERDICT_FAIL,
                   "RUNTIME_DIRECTORY \"%s\" may be written by everybody: chmod o-w it", path);
    else if (geteuid() != 0 && access(path, W_OK) != 0)
        doctor_say(doctor, VERDICT_WARN,
                   "RUNTIME_DIRECTORY \"%s\" belongs to user %u; workers must run as that user",
                   path, (unsigned)status.st_uid);
    else
        doctor_say(doctor, VERDICT_OK, "RUNTIME_DIRECTORY \"%s\", user %u, mode %03o", path,
                   (unsigned)status.st_uid, (unsigned)status.st_mode & 0777);
}

int
hearth_doctor(struct command *command)
{
    struct doctor doctor = {.command = command};
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        checks[i](&doctor);
        fflush(stdout);
    }
    return doctor.failed ? 1 : 0;
}
