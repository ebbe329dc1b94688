"""Installs or upgrades a release by Helm, tests it, and lets the doctor say why it does not come up."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from mcapp.doctor.finding import Diagnosis
from mcapp.doctor.read.reader import Reader
from mcapp.doctor.report import text
from mcapp.doctor.walk import diagnose
from mcapp.errors import FailedError, UserError
from mcapp.kube import helm
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.release import UNINSTALLING, settle
from mcapp.messages import announce, language
from mcapp.progress import step
from mcapp.up import words

# Both Jobs of the test have a minute.
_TEST_SECONDS = 150
_JOBS = "app.kubernetes.io/instance={release},app.kubernetes.io/component=test"


@dataclass(frozen=True)
class Release:
    """A release that is brought up. `program` is the helm to call, `chart` as helm takes it."""

    kubectl: Kubectl
    program: str
    namespace: str
    name: str
    chart: str

    def apply(self, values: Path, seconds: int) -> None:
        """Install or upgrade it, and wait until every pod is ready, at most so many seconds.

        Raises FailedError with what Helm said; the doctor's findings are printed before.
        """
        if settle(self.kubectl, self.namespace, self.name) == UNINSTALLING:
            where = {"release": self.name, "namespace": self.namespace}
            raise FailedError(words.UNINSTALLING(**where), words.UNINSTALLING_REMEDY(**where))
        flags = ("--create-namespace", "--values", values, "--wait", f"--timeout={seconds}s")
        helm_words = ("upgrade", "--install", self.name, self.chart, *flags)
        try:
            with step(words.INSTALLING(release=self.name, namespace=self.namespace, seconds=seconds)):
                helm.run(self.program, self.kubectl, self.namespace, *helm_words)
        except FailedError as error:
            raise self._explained(error) from None

    def test(self) -> None:
        """Run `helm test`: a row through all tiers, and logins. FailedError where it fails."""
        helm_words = ("test", self.name, f"--timeout={_TEST_SECONDS}s")
        try:
            with step(words.TESTING(release=self.name)):
                helm.run(self.program, self.kubectl, self.namespace, *helm_words)
        except FailedError as error:
            for line in self._log():
                print(f"    {line}", file=sys.stderr)
            raise self._explained(error) from None

    def _log(self) -> list[str]:
        """Return what the test's Jobs printed, [] where that cannot be read."""
        chosen = f"--selector={_JOBS.format(release=self.name)}"
        done = self.kubectl.run("logs", f"--namespace={self.namespace}", chosen, "--tail=-1")
        return done.stdout.decode(errors="replace").splitlines()

    def _explained(self, failure: FailedError) -> FailedError:
        """Print what the doctor finds; return the failure with the next step."""
        where = {"namespace": self.namespace, "release": self.name}
        try:
            diagnosis: Diagnosis = diagnose(Reader(self.kubectl, self.namespace, self.name))
        except UserError as error:
            announce(words.NO_DIAGNOSIS(why=error.problem))
            return FailedError(failure.problem, words.ASK_DOCTOR(**where))
        if diagnosis.finding is None:
            return FailedError(failure.problem, words.ASK_DOCTOR(**where))
        announce(words.DOCTOR())
        for line in text.lines(diagnosis, self.kubectl, language()):
            print(f"    {line}".rstrip(), file=sys.stderr)
        missing = diagnosis.finding.cause in ("image-missing", "image-architecture")
        remedy = words.BRING_IMAGES() if missing else words.DO_REMEDY()
        return FailedError(failure.problem, remedy)
