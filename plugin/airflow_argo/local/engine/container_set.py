"""Container sets: a pod whose containers are nodes of their own."""

from __future__ import annotations

from typing import Any

from airflow_argo.local.engine import blame, nodes
from airflow_argo.local.engine.messages import ContainerChanged, ContainerReport, PodReport
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.pods import PodBody


class ContainerSetBody(PodBody):
    """One pod with a Container node for each member of the set."""

    @property
    def _members(self) -> list[dict[str, Any]]:
        members: list[dict[str, Any]] = self.job.template["containerSet"]["containers"]
        return members

    def _started(self) -> None:
        """Make the members' nodes; those that depend on others hang below them."""
        run, job = self.run, self.job
        for member in self._members:
            run.tree.create(
                f"{job.name}.{member['name']}",
                "Container",
                "Pending",
                scope=job.node_scope,
                boundary=self.node["id"],
                holder=job.holder,
                flag=job.flag,
            )
        for member in self._members:
            above = [f"{job.name}.{name}" for name in member.get("dependencies") or ()] or [job.name]
            for name in above:
                run.tree.add_child(run.tree.id_of(name), run.tree.id_of(f"{job.name}.{member['name']}"))

    def _node_of(self, member: str) -> Node | None:
        return self.run.tree.get(f"{self.job.name}.{member}")

    def container_changed(self, event: ContainerChanged) -> None:
        """Move the member's node to its new phase."""
        if event.report is not None:
            self._end_member(event.name, event.report)
            return
        node = self._node_of(event.name)
        if node is not None and node["phase"] == "Pending":
            self.run.tree.set_phase(node, "Running")

    def _end_member(self, name: str, report: ContainerReport) -> None:
        node = self._node_of(name)
        if node is not None and not nodes.is_fulfilled(node):
            self.run.tree.set_phase(node, *blame.member_phase(name, report))

    def stop(self, message: str) -> None:
        """Stop the pod: the members that have not ended have failed too."""
        super().stop(message)
        self._fail_members("Failed", message)

    def finished(self, report: PodReport) -> None:
        """Take over how the members ended, and the pod."""
        for name, container in () if report.deadline_exceeded else report.containers.items():
            self._end_member(name, container)
        if report.exit_code is None and not report.containers and not report.deadline_exceeded:
            self._fail_members("Error", "container deleted")
        else:
            self._fail_members("Failed", "Pod Failed whilst container running")
        super().finished(report)

    def _fail_members(self, phase: str, message: str) -> None:
        for member in self._members:
            node = self._node_of(member["name"])
            if node is not None and not nodes.is_fulfilled(node):
                self.run.tree.set_phase(node, phase, message)
