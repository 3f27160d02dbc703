#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sum up what `meson test` left in one or more build folders.

usage: summary.py BUILD...
       summary.py --unsteady BUILD

Counts cases of GoogleTest one by one and every other test as one. Lists what failed and what was skipped, with the
reason; the last line is "N passed, N failed", and ", N skipped" where there were any. Exits with 1 after a failure. A
folder without a log counts as a failure: it did not build, or its tests never ran. What was run again alone
(`meson test --logbase again`) counts as it went then, and is listed as unsteady where that was better.

--unsteady prints the names of the tests that failed and are worth running again alone: on a busy machine a test may
miss a deadline. Nothing is printed, and 1 is returned, where many failed or a sanitizer had something to say.
"""
import glob
import json
import os
import sys
import xml.etree.ElementTree as xml

GTEST_OUTPUT = "--gtest_output=xml:"
UNSTEADY_MAX = 3
GOOD = ("OK", "EXPECTEDFAIL", "SKIP")


def read_log(build, base):
    logs = glob.glob(os.path.join(build, "meson-logs", base + "*.json"))
    return [json.loads(line) for log in logs for line in open(log, encoding="utf-8")]


def output_of(entry):
    return (entry["stdout"] + entry.get("stderr", "")).strip()


def unsteady(build):
    failed = [entry for entry in read_log(build, "testlog") if entry["result"] not in GOOD]
    if not 0 < len(failed) <= UNSTEADY_MAX or any("Sanitizer" in output_of(entry) for entry in failed):
        return 1
    for entry in failed:
        print(entry["name"].rpartition(" / ")[2])
    return 0


class Summary:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []
        self.unsteady = []

    def add_build(self, build):
        entries = {entry["name"]: entry for entry in read_log(build, "testlog")}
        if not entries:
            self.failed.append((os.path.basename(build), "no test ran; did it build?"))
        for again in read_log(build, "again"):
            first = entries[again["name"]]
            if first["result"] not in GOOD and again["result"] in GOOD:
                self.unsteady.append((f"{os.path.basename(build)}: {again['name']}", first["result"].lower()))
            entries[again["name"]] = again
        for entry in entries.values():
            name = f"{os.path.basename(build)}: {entry['name']}"
            report = next((arg[len(GTEST_OUTPUT):] for arg in entry["command"] if arg.startswith(GTEST_OUTPUT)), None)
            self.add_gtest(name, entry, report) if report else self.add_plain(name, entry)

    def add_plain(self, name, entry):
        output = output_of(entry)
        last_line = output.splitlines()[-1] if output else "no reason given"
        if entry["result"] == "SKIP":
            self.skipped.append((name, last_line))
        elif entry["result"] in ("OK", "EXPECTEDFAIL"):
            self.passed += 1
        else:
            self.failed.append((name, f"{entry['result'].lower()}: {last_line}"))

    def add_gtest(self, name, entry, report):
        """Count the cases of a report that the executable wrote, and once more an executable that died after all."""
        failed_before = len(self.failed)
        cases = self.read_cases(report, entry["starttime"])
        for case in cases:
            title = f"{name}: {case.get('classname')}.{case.get('name')}"
            failure, skip = case.find("failure"), case.find("skipped")
            if failure is not None:
                self.failed.append((title, (failure.get("message") or "").strip().replace("\n", " ")))
            elif skip is not None:
                self.skipped.append((title, skip_reason(skip.get("message") or "")))
            elif case.get("status") == "run":
                self.passed += 1
        if entry["result"] != "OK" and len(self.failed) == failed_before:
            self.failed.append((name, f"{entry['result'].lower()}, exit status {entry['returncode']}"))
        elif not cases and entry["result"] == "OK":
            self.failed.append((name, "wrote no report of its cases"))

    @staticmethod
    def read_cases(report, started):
        """The cases of a report, unless it is a left-over of an earlier run."""
        if not os.path.exists(report) or os.path.getmtime(report) < started - 1:
            return []
        return list(xml.parse(report).iter("testcase"))

    def print(self):
        for title, reason in self.skipped:
            print(f"skipped  {title}: {reason}")
        for title, reason in self.unsteady:
            print(f"unsteady {title}: {reason}, and passed when it was run again alone")
        for title, reason in self.failed:
            print(f"FAILED   {title}: {reason}")
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {len(self.failed)} failed{skipped}", flush=True)


def skip_reason(message):
    """GoogleTest puts the place of GTEST_SKIP before what it was given."""
    lines = [line for line in message.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"


def main(builds):
    summary = Summary()
    for build in builds:
        summary.add_build(build)
    summary.print()
    return 1 if summary.failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(unsteady(sys.argv[2]) if sys.argv[1:2] == ["--unsteady"] and len(sys.argv) == 3 else main(sys.argv[1:]))
