#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library calls nothing that ends the process, prints, reads the environment, or uses global or locale state.

usage: forbidden_symbols.py LIBRARY
"""
import abi

# strtod() is not among them: chat/number.c gives it digits and an exponent, which read the same in every locale.
FORBIDDEN = {
    "ends the process": "abort exit _exit _Exit quick_exit __assert_fail __assert_perror_fail err errx raise kill",
    "prints": "printf fprintf vprintf vfprintf dprintf vdprintf __printf_chk __fprintf_chk __vprintf_chk "
              "__vfprintf_chk __dprintf_chk __vdprintf_chk puts fputs putchar putc fputc fwrite perror psignal syslog "
              "warn warnx stdin stdout stderr",
    "reads or changes the environment": "getenv secure_getenv setenv unsetenv putenv environ system popen",
    "changes the state of the process": "signal sigaction bsd_signal sigprocmask atexit on_exit chdir umask "
                                        "fesetround fesetenv feenableexcept srand setrlimit",
    "depends on the locale": "setlocale localeconv strtof strtold atof __ctype_b_loc __ctype_tolower_loc "
                             "__ctype_toupper_loc toupper tolower strcoll strxfrm mbrtowc wcrtomb",
    "has state of its own": "rand random strtok localtime gmtime asctime ctime strerror",
    "can overrun a buffer": "gets strcpy strcat sprintf vsprintf __sprintf_chk __vsprintf_chk",
}


def main(library):
    reasons = {name: reason for reason, names in FORBIDDEN.items() for name in names.split()}
    used = {name.split("@")[0] for _, name in abi.dynamic_symbols(library, "--undefined-only")}
    return [f"{name}: {reasons[name]}" for name in sorted(used & reasons.keys())]


abi.report(main)
