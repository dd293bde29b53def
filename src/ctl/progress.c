/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR = 30, REDRAW_MS = 100, LINE_MS = 3000 };

void progress_begin(struct progress *progress, const char *what, int64_t now_ms)
{
    *progress = (struct progress){
        .terminal = isatty(STDERR_FILENO), .what = what, .begun_ms = now_ms, .told_ms = now_ms};
}

static void draw_bar(unsigned percent)
{
    char bar[BAR + 1] = {0};

    for (unsigned i = 0; i < BAR; i++)
        bar[i] = i * 100 < percent * BAR ? '#' : '-';
    fprintf(stderr, "[%s] %3u %%  ", bar, percent);
}

void progress_update(struct progress *progress, uint64_t count, uint64_t done, uint64_t size,
                     int64_t now_ms)
{
    int64_t passed_ms = now_ms - progress->begun_ms;
    unsigned percent = 0;

    if (now_ms - progress->told_ms < (progress->terminal ? REDRAW_MS : LINE_MS))
        return;
    progress->told_ms = now_ms;
    if (size > 0)
        percent = done >= size ? 100 : (unsigned)((double)done * 100 / (double)size);
    if (progress->terminal)
        fputc('\r', stderr);
    if (progress->terminal && size > 0)
        draw_bar(percent);
    else if (size > 0)
        fprintf(stderr, "%u %%, ", percent);
    fprintf(stderr, "%llu %s", (unsigned long long)count, progress->what);
    if (passed_ms > 0)
        fprintf(stderr, ", %.0f/s", (double)count * 1000 / (double)passed_ms);
    fputs(progress->terminal ? "\033[K" : "\n", stderr);
    progress->drawn = progress->terminal;
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}
