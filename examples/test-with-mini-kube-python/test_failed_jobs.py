"""usage: python3 -m unittest discover examples/test-with-mini-kube-python"""

import json
import re
import subprocess
import unittest
import urllib.request
from pathlib import Path

from failed_jobs import failed_jobs


class FailedJobsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = subprocess.Popen(["agent-jobs", "mini-kube", "--json"], stdout=subprocess.PIPE, text=True)
        started = json.loads(cls.cluster.stdout.readline())
        cls.server = started["url"]
        cls.token = re.search(r"token\"?: *\"?([^\"\s]+)", Path(started["kubeconfig"]).read_text()).group(1)

    @classmethod
    def tearDownClass(cls):
        cls.cluster.terminate()
        cls.cluster.wait(timeout=20)
        cls.cluster.stdout.close()

    def call(self, path, body=None):
        request = urllib.request.Request(
            self.server + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        return urllib.request.urlopen(request, timeout=30)

    def run_to_the_end(self, name, script):
        container = {"name": "main", "image": "any", "command": ["/bin/sh", "-c", script]}
        spec = {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
        jobs = "/apis/batch/v1/namespaces/default/jobs"
        self.call(jobs, {"metadata": {"name": name}, "spec": spec}).close()
        with self.call(f"{jobs}?watch=true&fieldSelector=metadata.name%3D{name}&timeoutSeconds=20") as watch:
            for line in watch:
                conditions = json.loads(line)["object"].get("status", {}).get("conditions", [])
                if any(condition["type"] in ("Complete", "Failed") for condition in conditions):
                    return
        self.fail(f"the Job {name} has not ended in 20 s")

    def test_names_the_jobs_that_have_failed_and_no_others(self):
        self.run_to_the_end("good", "exit 0")
        self.run_to_the_end("bad", "exit 3")
        self.assertEqual(failed_jobs(self.server, self.token, "default"), {"bad": "BackoffLimitExceeded"})


if __name__ == "__main__":
    unittest.main()
