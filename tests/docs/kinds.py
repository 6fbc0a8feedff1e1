"""What is done with a block of each language."""
import json
import os
import re
import signal
import subprocess

import compare
from pages import ROOT, read
from workplace import Fault, wait_until

OUTPUT_WITHIN = 20  # seconds after the page's last block
# A server on the addresses of --listen and --admin-listen by default.
SERVES = re.compile(r"(leasehold-server|\./dev serve)"
                    r"(?!.*--(listen|migrate-only|check-config|print-config|help))")


def is_whole(command):
    """Whether bash does not wait for a further line."""
    check = subprocess.run(["bash", "-n"], input=command, text=True, check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return not command.endswith("\\\n") and not re.search(
        r"unexpected (EOF|end of file)|here-document", check.stderr)


def commands_of(text):
    """Returns [(command, what is shown below it)] of a block with `$ ` lines."""
    found, command = [], ""
    for line in text.splitlines():
        if command:
            command += re.sub(r"^> ", "", line) + "\n"
        elif line.startswith("$ "):
            command = line[2:] + "\n"
        elif not found:
            raise Fault(f"begins with no command: {line}")
        else:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
            continue
        if is_whole(command):
            found.append((command.rstrip("\n"), ""))
            command = ""
    if command:
        raise Fault(f"an unfinished command: {command}")
    return found


def script_of(text):
    """Returns [(command, "")] of a block of commands without prompts."""
    found, command = [], ""
    for line in text.splitlines():
        command += line + "\n"
        if command.strip() and is_whole(command):
            found.append((command.rstrip("\n"), ""))
            command = ""
    if command.strip():
        raise Fault(f"an unfinished command: {command}")
    return found


def run_checked(place, command):
    status, came = place.shell.run(place.here(command))
    if status:
        raise Fault(f"$ {command}\nexit status {status}; it printed:\n{came}")
    return came


def start(block, place, command, shown):
    process_id, path = place.shell.start(place.here(command))
    place.running.append((block, process_id, path, shown))
    if SERVES.search(command):
        place.wait_until_it_serves(process_id)


def shell_block(block, place):
    if "interrupts" in block.markers:
        fault = end(place, place.running.pop())
        if fault:
            raise Fault("the program before: " + fault)
    console = re.search(r"^\$ ", block.text, re.MULTILINE)
    commands = commands_of(block.text) if console else script_of(block.text)
    for index, (command, shown) in enumerate(commands):
        if "stopped" in block.markers and index == len(commands) - 1:
            start(block, place, command, shown)
        elif not console:
            run_checked(place, command)
        else:
            came = place.on_the_page(place.shell.run(place.here(command))[1])
            if not compare.same(shown, came):
                raise Fault(f"$ {command}\nprinted:\n{came}\nwhere the page shows:\n{shown}")


def program(interpreter, suffix):
    def run(block, place):
        path = place.shell.new_file(place.here(block.text), suffix)
        if "stopped" in block.markers:
            start(block, place, f"{interpreter} '{path}'", "")
        else:
            run_checked(place, f"{interpreter} '{path}'")
    return run


def sql_block(block, place):
    path = place.shell.new_file(block.text, ".sql")
    run_checked(place, f"psql -q -1 -v ON_ERROR_STOP=1 \"{place.database()}\" -f '{path}'")


def toml_block(block, place):
    """Checks the file, and leaves it for the commands that follow."""
    path = os.path.join(place.scratch, "etc", "leasehold", "leasehold.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(place.here(block.text))
    run_checked(place, f"env -i PATH=\"$PATH\" leasehold-server --config '{path}' --check-config")


def crontab_block(block, place):
    path = place.shell.new_file(block.text, ".crontab")
    run_checked(place, f"leasehold cron check '{path}'")


def json_block(block, _):
    try:
        json.loads(block.text)
    except ValueError as error:
        raise Fault(f"is no JSON: {error}") from error


RUN = {
    "console": shell_block,
    "sh": shell_block,
    "python": program("python3", ".py"),
    "js": program("node", ".js"),
    "sql": sql_block,
    "toml": toml_block,
    "crontab": crontab_block,
}
CHECKED = {"json": json_block, "text": lambda block, place: None}


def normal(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def check_file(block, everything):
    """The block is the file, or a part of it, that a test builds or a page runs."""
    path = block.markers.get("path") or block.markers["part"]
    if not os.path.exists(os.path.join(ROOT, path)):
        raise Fault(f"{path} is not there")
    text = read(path)
    if "path" in block.markers:
        if block.text != text:
            raise Fault(f"is not the text of {path}")
    else:
        lines, part = normal(text), normal(block.text)
        if not any(lines[at:at + len(part)] == part for at in range(len(lines))):
            raise Fault(f"does not stand in {path}")
    parts = path.split("/")
    of_an_example = path.startswith("docs/examples/") and len(parts) > 3
    if os.path.basename(path) not in everything and not (
            of_an_example and "/".join(parts[:3]) in everything):
        raise Fault(f"{path}: no test builds or runs it, and no page does")


def end(place, running):
    """Stops a program; returns what is wrong with it, or None.

    It must have printed something, what is shown among it: then it also takes signals.
    """
    block, process_id, path, shown = running
    fault = None

    def came():
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    try:
        wait_until(lambda: came() and compare.missing(shown, came()) is None, OUTPUT_WITHIN,
                   "its output")
    except Fault:
        fault = f"never printed: {compare.missing(shown, came())}\nbut:\n{came()}"
    try:
        status = place.shell.stop(process_id)
        killed = block.markers["stopped"] == "killed" and status == 128 + signal.SIGTERM
        if status and not killed and not fault:
            fault = f"ended with exit status {status}; it printed:\n{came()}"
    except Fault as error:
        fault = fault or str(error)
    return fault


def end_all(place):
    """Yields (block, fault) of the programs that run until they are stopped, the last first."""
    while place.running:
        running = place.running.pop()
        yield running[0], end(place, running)
