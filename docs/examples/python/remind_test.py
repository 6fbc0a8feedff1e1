"""Shows that a reminder goes out two hours after it was asked for, and not before."""
import subprocess
import unittest
from datetime import timedelta

from leasehold import Client, Executor


class RemindTest(unittest.TestCase):
    def setUp(self):
        # Its lines on standard output end when the server is ready, or has ended.
        self.server = subprocess.Popen(
            ["leasehold-server", "--ephemeral", "--listen", "127.0.0.1:0",
             "--admin-listen", "127.0.0.1:0", "--ready-file", "/dev/stdout"],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.server.communicate)
        self.addCleanup(self.server.terminate)
        self.address = self.server.stdout.readline().strip().partition("=")[2]

    def test_goes_out_after_two_hours(self):
        sent = []
        executor = Executor(self.address)
        executor.task("remind")(lambda payload: sent.append(payload["to"]))
        with Client(self.address) as client:
            client.add_job("remind", {"to": "ada"}, delay=timedelta(hours=2))
            executor.run_once()  # returns when nothing is left that could run now
            self.assertEqual(sent, [])
            client.advance_clock(timedelta(hours=2))
            executor.run_once()
            self.assertEqual(sent, ["ada"])


if __name__ == "__main__":
    unittest.main()
