"""Runs a command on a pseudo-terminal and prints what a person sees there, screen by screen.

    terminal-screen.py KIND WIDTHS PIECES COMMAND…

KIND is what the terminal does with long lines when it becomes narrower: "reflow" breaks them again, as most do, "cut"
drops what is too much, as xterm does. WIDTHS such as 80,40 are its columns, each for so many PIECES of output and the
last to the end; a terminal that does not know its width is 0, and has 80 columns.

Each line printed is JSON: {"columns", "lines", "cursor": [column, row]} for a screen, in the end {"status"}. What comes
first after a change of the width may have been written before it, so that screen is left out.
"""

import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios

import pyte

ROWS = 200
# A person sees each line of progress, although a fast command writes the next one before this program reads.
END_OF_PROGRESS = rb"(?<=\x1b\[\?7h\r)"


def set_width(file, columns):
    fcntl.ioctl(file, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))


def resize(screen, kind, columns):
    """Checks only the line of the cursor: no other one is longer."""
    row, column = screen.cursor.y, screen.cursor.x
    line = screen.display[row].rstrip()
    screen.resize(ROWS, columns)
    if kind == "reflow" and len(line) > columns:
        screen.cursor_position(row + 1, 1)
        screen.draw(line)
        screen.cursor_position(row + column // columns + 1, column % columns + 1)


def show(screen):
    lines = [line.rstrip() for line in screen.display if line.strip()]
    cursor = [screen.cursor.x, screen.cursor.y]
    print(json.dumps({"columns": screen.columns, "lines": lines, "cursor": cursor}, ensure_ascii=False))


def main(kind, widths, pieces, command):
    widths = [int(width) for width in widths.split(",")]
    child, file = pty.fork()
    if child == 0:
        # The width is set before the command can ask for it.
        set_width(0, widths[0])
        os.execv(command[0], command)
    screen = pyte.Screen(widths[0] or 80, ROWS)
    stream = pyte.ByteStream(screen)
    count = 0
    is_settled = True
    while True:
        try:
            output = os.read(file, 65536)
        except OSError:
            break
        if not output:
            break
        for shown in re.split(END_OF_PROGRESS, output):
            stream.feed(shown)
            if is_settled:
                show(screen)
        is_settled = True
        count += 1
        if count % int(pieces) == 0 and len(widths) > 1:
            widths.pop(0)
            set_width(file, widths[0])
            resize(screen, kind, widths[0] or 80)
            is_settled = False
    show(screen)
    _, status = os.waitpid(child, 0)
    print(json.dumps({"status": os.waitstatus_to_exitcode(status)}))


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
