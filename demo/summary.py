"""What the demo found: is every checksum right, was nothing lost and nothing recorded twice?"""
import subprocess

from stage import KINDS, PACE_MS, Failure


def true_checksums(paths):
    out = subprocess.run(["xargs", "-d", "\n", "sha256sum", "--"], input="\n".join(paths),
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    return {line[66:]: line[:64] for line in out.splitlines()}


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Summary:
    """`singles` are the ids of the jobs that were added one by one, `added` those of all."""

    def __init__(self, runs, stats, truth, added, singles, killed, seconds):
        self.runs = runs
        self.stats = stats
        self.added = added
        self.singles = singles
        self.killed = killed
        self.seconds = seconds
        self.wrong = self._wrong(truth)
        right = {run["id"] for run in runs} - {run["id"] for run in self.wrong}
        self.lost = [job for job in added if job not in right]
        self.twice = max(0, stats["completed_total"] - len(set(added)))

    def _wrong(self, truth):
        # A file may have changed since its checksum was taken: sha256sum is asked again.
        doubtful = sorted({run["path"] for run in self.runs if run["sum"] != truth[run["path"]]})
        again = true_checksums(doubtful) if doubtful else {}
        return [run for run in self.runs
                if run["sum"] not in (truth[run["path"]], again.get(run["path"]))]

    def kind_rows(self):
        """A row for each kind of executor: its share, and how soon a job alone began with it."""
        firsts = {}
        for run in self.runs:
            firsts.setdefault(run["id"], run)
        for kind, title in KINDS.items():
            mine = [run for run in self.runs if run["executor"].startswith(kind + "-")]
            waits = [(int(run["started"]) - int(run["added"])) / 1e6 for run in firsts.values()
                     if run["id"] in self.singles and run["executor"].startswith(kind + "-")]
            share = 100 * len(mine) / max(1, len(self.runs))
            text = f"{len(mine):5} runs, {share:2.0f} %"
            if waits:
                text += (f"; of {len(waits)} jobs added one by one, half began within"
                         f" {percentile(waits, 0.5):.1f} ms")
            yield title, text

    def rows(self):
        starts = [int(run["started"]) for run in self.runs if run["id"] not in self.singles]
        rate = len(starts) / max(1e-9, (max(starts) - min(starts)) / 1e9)
        return [
            ("added", f"{len(self.added)}"),
            ("run", f"{len(self.runs)} times"),
            *(("  by " + title, text) for title, text in self.kind_rows()),
            ("completed", f"{self.stats['completed_total']} by the server's counters"),
            ("swept", f"{self.stats['swept_total']} leases of the {len(self.killed)} killed "
                      "executors, run again by others"),
            ("wrong checksums", f"{len(self.wrong)} (compared with sha256sum)"),
            ("lost", f"{len(self.lost)}"),
            ("recorded twice", f"{self.twice}"),
            ("jobs/s", f"{rate:.0f} (a run is made to take {PACE_MS} ms, but in shell; "
                       "`./dev bench` measures speed)"),
            ("whole time", f"{self.seconds:.1f} s"),
        ]

    def faults(self, jobs):
        if self.wrong:
            yield f"{len(self.wrong)} wrong checksums"
        if self.lost or len(set(self.added)) != jobs:
            yield f"{len(self.lost)} of {len(set(self.added))} jobs lost"
        if self.twice:
            yield f"{self.twice} jobs recorded twice"
        if self.stats["failed"]:
            yield f"{self.stats['failed']} jobs failed"
        if not self.stats["swept_total"]:
            yield "the killed executors held no lease: nothing was swept"
        for kind, title in KINDS.items():
            if not any(run["executor"].startswith(kind + "-") for run in self.runs):
                yield f"the {title} executor has run nothing"

    def verdict(self, jobs):
        faults = list(self.faults(jobs))
        if faults:
            raise Failure("; ".join(faults))
        return (f"demo ok: {jobs} jobs, {len(self.killed)} executors killed, "
                f"{self.stats['swept_total']} leases swept, 0 lost, 0 recorded twice")
