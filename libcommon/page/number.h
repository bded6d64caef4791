/* Numbers as a reader writes them, English and Japanese alike: 12,345, 98.4%, EUR 1,200,000. The texts are returned by value:
 * number_count(n).s is good until the end of the statement. */
#ifndef PAGE_NUMBER_H
#define PAGE_NUMBER_H

struct number_text {
    char s[48];
};

/* Rounded to a whole number, digits in groups of three; "-" where it is not finite. */
struct number_text number_count(double n);
/* So many decimals, 0 to 9, with groups. */
struct number_text number_decimal(double x, int decimals);
/* Things a day: one decimal below 100, else whole. */
struct number_text number_daily(double n);
/* A rate 0 to 1 as 98.4%, a whole percent as 25%. What is neither all nor nothing does not look so: 99.996%, 0.004%, with six
 * decimals at most. */
struct number_text number_percent(double rate);
/* A figure such as AUROC: 0.987; what is not 1 does not round to it (0.9996 is 0.9996). */
struct number_text number_figure(double x);
/* Money, whole: "EUR 1,234"; currency is printed as it is. */
struct number_text number_money(double amount, const char *currency);
#endif
