#include "page/number.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Commas between groups of three before the point. */
static struct number_text grouped(const char *plain)
{
    struct number_text out;
    const char *digits = plain + (*plain == '-');
    const size_t whole = strcspn(digits, ".");
    size_t n = 0;
    if (*plain == '-')
        out.s[n++] = '-';
    for (size_t i = 0; digits[i] && n + 2 < sizeof out.s; i++) {
        if (i && i < whole && (whole - i) % 3 == 0)
            out.s[n++] = ',';
        out.s[n++] = digits[i];
    }
    out.s[n] = 0;
    return out;
}

struct number_text number_decimal(double x, int decimals)
{
    char plain[32];
    if (!isfinite(x) || fabs(x) >= 1e18)
        return (struct number_text){"-"};
    snprintf(plain, sizeof plain, "%.*f", decimals, x);
    /* a zero has no sign */
    if (strspn(plain, "-0.") == strlen(plain) && *plain == '-')
        memmove(plain, plain + 1, strlen(plain));
    return grouped(plain);
}

struct number_text number_count(double n)
{
    return number_decimal(n, 0);
}

struct number_text number_daily(double n)
{
    return n < 100 ? number_decimal(n, 1) : number_count(n);
}

struct number_text number_percent(double rate)
{
    struct number_text out;
    int decimals = 1;
    if (!isfinite(rate))
        return (struct number_text){"-"};
    const double percent = 100 * rate, from_end = fmin(percent, 100 - percent);
    /* so that what is neither all nor nothing does not look so */
    while (decimals < 6 && from_end > 0 && from_end < 0.5 * pow(10, -decimals))
        decimals++;
    if (percent == floor(percent))
        decimals = 0;
    snprintf(out.s, sizeof out.s, "%.*f%%", decimals, percent);
    return out;
}

struct number_text number_figure(double x)
{
    struct number_text out;
    int decimals = 3;
    if (!isfinite(x))
        return (struct number_text){"-"};
    while (decimals < 6 && x < 1 && x >= 1 - 0.5 * pow(10, -decimals))
        decimals++;
    snprintf(out.s, sizeof out.s, "%.*f", decimals, x);
    return out;
}

struct number_text number_money(double amount, const char *currency)
{
    struct number_text out;
    const struct number_text n = number_count(amount);
    snprintf(out.s, sizeof out.s, "%.12s %.33s", currency, n.s);
    return out;
}
