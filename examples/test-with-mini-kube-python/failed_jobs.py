"""The code under test. It uses no library, so that the example runs everywhere."""

import json
import urllib.request


def failed_jobs(server: str, token: str, namespace: str) -> dict[str, str]:
    """Return the failed Jobs of a namespace, each with the reason that Kubernetes gives."""
    request = urllib.request.Request(
        f"{server}/apis/batch/v1/namespaces/{namespace}/jobs",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        jobs = json.load(response)["items"]
    return {
        job["metadata"]["name"]: condition.get("reason", "Unknown")
        for job in jobs
        for condition in job.get("status", {}).get("conditions", [])
        if condition["type"] == "Failed" and condition["status"] == "True"
    }
