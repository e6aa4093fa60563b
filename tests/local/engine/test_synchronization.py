"""Mutexes and semaphores through the engine: several workflows, virtual time."""

from __future__ import annotations

import pytest

from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.locks import LockManager
from airflow_argo.local.engine.messages import LocksGranted, PodReport, Shutdown, Tick

WORKFLOW_LOCK = """
    synchronization: {mutexes: [{name: m}]}
    templates: [{name: main, dag: {tasks: [{name: a, template: work}]}}]
"""
LOOP = """
    templates:
    - name: main
      dag: {tasks: [{name: w, template: locked, withItems: [a, b, c], arguments:
        {parameters: [{name: x, value: "{{item}}"}]}}]}
    - name: locked
      inputs: {parameters: [{name: x}]}
      synchronization: {mutexes: [{name: m}]}
      container: {image: busybox, command: [echo], args: ["{{inputs.parameters.x}}"]}
"""


class Server:
    """Workflows that share their locks, as the controller runs them."""

    def __init__(self, make, limits=None):
        self.limits = limits or {}
        self.locks = LockManager(self.limit)
        self.make = make
        self.worlds = {}

    def limit(self, name):
        if name.key not in self.limits:
            raise NodeError("not found")
        return self.limits[name.key]

    def add(self, name, spec, *worker, **metadata):
        world = self.make(spec, *worker, name=name, **metadata).share(locks=self.locks)
        self.worlds[f"argo/{name}"] = world
        world.start()
        self.deliver()
        return world

    def deliver(self):
        while woken := self.locks.take_woken():
            for key in woken:
                self.worlds[key].tell(LocksGranted())

    def turn(self, world):
        happened = world.turn()
        self.deliver()
        return happened

    def run(self):
        while sum(not world.step.finished and self.turn(world) for world in self.worlds.values()):
            pass


@pytest.fixture
def server(world):
    return Server(world)


class TestWorkflows:
    def test_the_second_waits_pending_and_without_nodes(self, server):
        first, second = server.add("one", WORKFLOW_LOCK), server.add("two", WORKFLOW_LOCK)
        assert first.phase == "Running"
        assert (second.phase, second.message) == ("Pending", "Waiting for argo/Mutex/m lock. Lock status: 0/1")
        assert second.status["progress"] == "0/0"
        assert not second.status.get("startedAt")
        assert not second.status.get("nodes")
        server.run()
        assert (first.phase, second.phase, second.message) == ("Succeeded", "Succeeded", "")
        assert "synchronization" not in second.status

    def test_a_failed_holder_gives_its_lock_back(self, server):
        server.add("one", WORKFLOW_LOCK, lambda pod: PodReport(exit_code=1))
        second = server.add("two", WORKFLOW_LOCK)
        server.run()
        assert second.phase == "Succeeded"

    def test_priority_goes_before_age(self, server):
        server.add("one", WORKFLOW_LOCK)
        low = server.add("low", WORKFLOW_LOCK)
        high = server.add("high", "priority: 5\n" + WORKFLOW_LOCK.replace("\n    ", "\n"))
        while low.phase == high.phase == "Pending":
            server.turn(server.worlds["argo/one"])
        assert (low.phase, high.phase) == ("Pending", "Running")

    def test_terminated_while_it_waits_it_ends_at_once(self, server):
        server.add("one", WORKFLOW_LOCK)
        second, third = server.add("two", WORKFLOW_LOCK), server.add("three", WORKFLOW_LOCK)
        second.tell(Shutdown("Terminate"))
        assert (second.phase, second.message) == ("Failed", "Stopped with strategy 'Terminate'")
        server.run()
        assert third.phase == "Succeeded"

    def test_stopped_while_it_waits_it_waits_on_and_then_fails(self, server):
        first, second = server.add("one", WORKFLOW_LOCK), server.add("two", WORKFLOW_LOCK)
        second.tell(Shutdown("Stop"))
        assert second.phase == "Pending"
        server.run()
        assert (first.phase, second.phase) == ("Succeeded", "Failed")
        assert second.nodes["a"]["message"] == "workflow shutdown with strategy: Stop"

    def test_a_semaphore_without_a_limit_fails_it(self, server):
        spec = WORKFLOW_LOCK.replace("mutexes: [{name: m}]", "semaphores: [{configMapKeyRef: {name: cm, key: k}}]")
        failed = server.add("one", spec)
        reason = "failed to initialize semaphore argo/ConfigMap/cm/k with limit"
        assert (failed.phase, failed.message) == ("Failed", f"Failed to acquire the synchronization lock. {reason}")

    def test_after_a_restart_the_holder_still_holds(self, server):
        first, second = server.add("one", WORKFLOW_LOCK), server.add("two", WORKFLOW_LOCK)
        server.locks = LockManager(server.limit)
        for each in (first, second):
            each.share(locks=server.locks)
        second.restart()
        first.restart()
        assert (first.phase, second.phase) == ("Running", "Pending")
        server.run()
        assert (first.phase, second.phase) == ("Succeeded", "Succeeded")


class TestNodes:
    def test_waiting_nodes_are_pending_and_no_pod_is_made(self, world):
        waiting = world(LOOP).start()
        assert [node["phase"] for name, node in waiting.nodes.items() if name.startswith("w(")] == ["Pending"] * 3
        assert waiting.started == ["w(0:a)"]
        node = waiting.nodes["w(1:b)"]
        assert node["message"] == "Waiting for argo/Mutex/m lock. Lock status: 0/1"
        assert node["synchronizationStatus"] == {"waiting": "argo/Mutex/m"}
        assert waiting.status["synchronization"]["mutex"]["holding"] == [
            {"mutex": "argo/Mutex/m", "holder": f"argo/wf/{waiting.nodes['w(0:a)']['id']}"}
        ]

    def test_they_run_one_after_another_in_order(self, world):
        done = world(LOOP).run()
        assert (done.phase, done.most_at_once, done.started) == ("Succeeded", 1, ["w(0:a)", "w(1:b)", "w(2:c)"])
        assert not any("synchronizationStatus" in node or node.get("message") for node in done.nodes.values())

    def test_a_semaphore_lets_as_many_run_as_it_says(self, world):
        spec = LOOP.replace("mutexes: [{name: m}]", "semaphores: [{configMapKeyRef: {name: cm, key: two}}]")
        done = world(spec).share(locks=LockManager(lambda name: 2)).run()
        assert (done.phase, done.most_at_once) == ("Succeeded", 2)

    def test_names_may_come_from_inputs(self, world):
        done = world(LOOP.replace("name: m}", 'name: "{{inputs.parameters.x}}"}')).run()
        assert done.most_at_once == 3

    def test_nodes_of_other_workflows_wait_too(self, server):
        first, second = server.add("one", LOOP), server.add("two", LOOP)
        assert (len(first.started), len(second.started)) == (1, 0)
        server.run()
        assert (first.phase, second.phase) == ("Succeeded", "Succeeded")

    def test_a_holder_that_is_deleted_lets_the_others_go_on(self, server):
        server.add("one", LOOP)
        second = server.add("two", LOOP)
        del server.worlds["argo/one"]
        server.locks.release_workflow("argo/one")
        server.deliver()
        server.run()
        assert second.phase == "Succeeded"

    def test_steps_hold_their_lock_until_the_last_step(self, world):
        spec = """
            templates:
            - name: main
              dag: {tasks: [{name: p, template: pair}, {name: q, template: pair}]}
            - name: pair
              synchronization: {mutexes: [{name: m}]}
              steps: [[{name: one, template: work}], [{name: two, template: work}]]
        """
        done = world(spec).run()
        assert done.started == ["p[0].one", "p[1].two", "q[0].one", "q[1].two"]

    def test_a_retried_template_holds_its_lock_between_attempts(self, world, failing):
        spec = LOOP.replace("container:", "retryStrategy: {limit: 1, backoff: {duration: 10}}\n      container:")
        done = world(spec, failing("a")).run()
        assert done.started == ["w(0:a)(0)", "w(0:a)(1)", "w(1:b)(0)", "w(2:c)(0)"]
        assert done.phases["w(0:a)"] == "Failed"

    def test_exit_hooks_run_without_the_lock(self, world):
        spec = """
            templates:
            - name: main
              steps: [[{name: a, template: locked, hooks: {exit: {template: locked}}}]]
            - name: locked
              synchronization: {mutexes: [{name: m}]}
              container: {image: busybox, command: [echo]}
        """
        done = world(spec).run()
        assert (done.phase, done.phases["[0].a.onExit"]) == ("Succeeded", "Succeeded")

    def test_a_stop_fails_those_that_wait(self, world):
        stopped = world(LOOP).start()
        stopped.turn()
        stopped.tell(Shutdown("Stop"))
        stopped.run()
        assert stopped.phase == "Failed"
        assert stopped.nodes["w(2:c)"]["message"] == "Stopped with strategy 'Stop'"
        assert stopped.started == ["w(0:a)"]

    def test_so_does_the_workflows_deadline(self, world):
        late = world("activeDeadlineSeconds: 60\n" + LOOP.replace("\n    ", "\n")).start()
        late.turn()
        late.now += 100
        late.tell(Tick())
        assert late.nodes["w(1:b)"]["message"] == "Step exceeded its deadline"
        late.run()
        assert late.phase == "Failed"

    def test_a_timeout_counts_while_they_wait(self, world):
        late = world(LOOP.replace("container:", "timeout: 30s\n      container:")).start()
        late.turn()
        late.now += 31
        late.tell(Tick())
        assert (late.phases["w(1:b)"], late.nodes["w(1:b)"]["message"]) == ("Failed", "timeout")

    def test_those_that_wait_leave_the_workflows_parallelism_to_others(self, world):
        spec = """
            parallelism: 2
            templates:
            - name: main
              dag:
                tasks:
                - {name: a, template: locked, withItems: [a, b, c]}
                - {name: free, template: work, withItems: [1, 2, 3]}
            - name: locked
              synchronization: {mutexes: [{name: m}]}
              container: {image: busybox, command: [echo]}
        """
        done = world(spec).run()
        assert (done.phase, done.most_at_once) == ("Succeeded", 2)
        assert done.started[:2] == ["a(0:a)", "free(0:1)"]

    def test_a_template_that_fails_fast_does_not_wait_for_them(self, world, failing):
        done = world(LOOP.replace("- name: main\n", "- name: main\n      failFast: true\n"), failing("a")).run()
        assert (done.phase, done.started) == ("Failed", ["w(0:a)"])

    def test_none_of_them_starts_after_a_failure_then(self, world, failing):
        spec = """
            templates:
            - name: main
              failFast: true
              dag:
                tasks:
                - {name: w, template: locked, withItems: [bad, good],
                   arguments: {parameters: [{name: x, value: "{{item}}"}]}}
                - {name: free, template: work}
            - name: locked
              inputs: {parameters: [{name: x}]}
              synchronization: {mutexes: [{name: m}]}
              container: {image: busybox, command: [echo], args: ["{{inputs.parameters.x}}"]}
        """
        done = world(spec, failing("bad")).run()
        assert (done.phase, done.started) == ("Failed", ["free", "w(0:bad)"])

    def test_a_lock_that_stands_twice_is_an_error(self, world):
        done = world(LOOP.replace("[{name: m}]", "[{name: m}, {name: m}]")).run()
        assert done.phase == "Error"
        assert "duplicate synchronization item found" in done.nodes["w(0:a)"]["message"]

    def test_a_suspended_node_that_waited_offers_its_outputs(self, world):
        spec = """
            templates:
            - name: main
              dag: {tasks: [{name: w, template: locked, withItems: [a, b]}]}
            - name: locked
              synchronization: {mutexes: [{name: m}]}
              suspend: {duration: 5}
              outputs: {parameters: [{name: o, valueFrom: {supplied: {}, default: d}}]}
        """
        done = world(spec).run()
        assert (done.phase, done.outputs("w(0:a)"), done.outputs("w(1:b)")) == ("Succeeded", {"o": "d"}, {"o": "d"})

    def test_after_a_restart_they_go_on(self, world):
        again = world(LOOP).start()
        again.turn()
        again.share(locks=LockManager(lambda name: 0)).restart()
        assert [name for name, node in again.nodes.items() if node.get("synchronizationStatus")] == ["w(1:b)", "w(2:c)"]
        again.run()
        assert (again.phase, again.most_at_once) == ("Succeeded", 1)
