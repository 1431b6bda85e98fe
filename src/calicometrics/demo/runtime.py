"""What every Go program's page has besides its own families: the runtime and the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.demo.page import Constant, Family, Spent, Steps, Wave

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calicometrics.demo.page import Cell

_GC_QUANTILES = {"0": 2.1e-05, "0.25": 4.4e-05, "0.5": 6.3e-05, "0.75": 0.000114, "1": 0.001893}
_GC_INTERVAL = 95.0
_HEAP_SIZE = 48_660_480
_HEAP = Wave(19_000_000, 31_000_000, _GC_INTERVAL)
_USED = Wave(23_000_000, 35_000_000, _GC_INTERVAL)
_OBJECTS = Wave(141_000, 239_000, _GC_INTERVAL)
_IDLE = Wave(_HEAP_SIZE - _USED.low, _HEAP_SIZE - _USED.high, _GC_INTERVAL)


class _Collections:
    """The garbage collector's summary: quantiles of its latest pauses, never forgotten."""

    def cells(self, seed: str, age: float) -> Iterator[Cell]:
        for quantile, seconds in _GC_QUANTILES.items():
            yield "", f'quantile="{quantile}"', seconds
        ((_, _, count),) = Steps(_GC_INTERVAL).cells(seed, age)
        yield "_sum", "", count * 8.1e-05
        yield "_count", "", count


def families(started: float) -> tuple[Family, ...]:
    """Return the families of a Go program that started at a time, in seconds since the epoch."""
    return (
        Family("go_gc_duration_seconds", "summary", "Pauses of the garbage collector.", _Collections()),
        Family("go_gc_gogc_percent", "gauge", "The heap growth target.", Constant(100)),
        Family("go_gc_gomemlimit_bytes", "gauge", "The memory limit.", Constant(2**63)),
        Family("go_goroutines", "gauge", "Goroutines that exist.", Wave(318, 331, 140)),
        Family("go_info", "gauge", "The Go environment.", {'version="go1.25.5"': Constant(1)}),
        Family("go_memstats_alloc_bytes", "gauge", "Bytes allocated in heap and in use.", _HEAP),
        Family("go_memstats_alloc_bytes_total", "counter", "Bytes allocated so far.", Steps(0.25, 41_312)),
        Family("go_memstats_frees_total", "counter", "Heap objects freed so far.", Steps(0.25, 604)),
        Family("go_memstats_gc_sys_bytes", "gauge", "Bytes of garbage collector data.", Constant(5_021_968)),
        Family("go_memstats_heap_alloc_bytes", "gauge", "Heap bytes allocated and in use.", _HEAP),
        Family("go_memstats_heap_idle_bytes", "gauge", "Heap bytes in idle spans.", _IDLE),
        Family("go_memstats_heap_inuse_bytes", "gauge", "Heap bytes in spans in use.", _USED),
        Family("go_memstats_heap_objects", "gauge", "Objects on the heap.", _OBJECTS),
        Family("go_memstats_heap_sys_bytes", "gauge", "Heap bytes from the system.", Constant(_HEAP_SIZE)),
        Family(
            "go_memstats_mallocs_total", "counter", "Heap objects made so far.", Steps(0.25, 604, 180_000)
        ),
        Family("go_memstats_next_gc_bytes", "gauge", "Heap size for the next run.", Constant(38_155_426)),
        Family("go_memstats_stack_inuse_bytes", "gauge", "Stack bytes in use.", Constant(1_671_168)),
        Family("go_memstats_sys_bytes", "gauge", "Bytes from the system.", Constant(62_149_896)),
        Family("go_sched_gomaxprocs_threads", "gauge", "The most threads that run Go code.", Constant(4)),
        Family("go_threads", "gauge", "Threads of the system.", Constant(13)),
        Family("process_cpu_seconds_total", "counter", "Processor time spent.", Spent(0.021)),
        Family("process_max_fds", "gauge", "The most open file descriptors.", Constant(1_048_576)),
        Family("process_open_fds", "gauge", "Open file descriptors.", Wave(21, 24)),
        Family("process_resident_memory_bytes", "gauge", "Resident memory.", Wave(77_000_000, 81_000_000)),
        Family("process_start_time_seconds", "gauge", "Start of the process.", Constant(round(started, 2))),
        Family("process_virtual_memory_bytes", "gauge", "Virtual memory.", Constant(2_009_645_056)),
    )
