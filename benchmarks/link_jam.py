"""A jam in an Ableton Link session over JACK: how near a peer's bars and beats our replies come, and who follows whom.

    python benchmarks/link_jam.py [--turns 4] [--frames 64] [--model PATH]
    python benchmarks/link_jam.py --ramp
    python benchmarks/link_jam.py --idle [--seconds 30]

This process is the peer (LinkPython-extern, the extra `musedaemon[link]`), the hand and the recorder; the daemon is
another one. The peer begins at 100 bpm, turns to 140 in the midst of a reply, starts and stops; then the daemon's
player taps a tempo, and a Start and a Stop come in by MIDI. Frames are told in Link's microseconds by what the recorder
read of both in every period, half a second around each note (median).

`--ramp`: the peer goes from 100 to 140 bpm over 16 bars, a little each beat, under one long reply.
`--idle`: the processor time that an idle daemon takes with `--clock link`, beside one without a clock.

Linux only; starts a private JACK server (package jackd2) and stops it.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from link_peer import BAR, Floats, LinkBench, Peer  # noqa: E402
from support.jack_server import JackServer, running_server  # noqa: E402

IN, OUT = "musedaemon-in:musedaemon in", "musedaemon-out:musedaemon out"
CALL = (60, 62, 64, 65, 67, 65)
TICKS = 24
TAP_KEY = 21
RAMP_BEATS = 64


@contextmanager
def daemon(*options: str) -> Iterator[subprocess.Popen[str]]:
    """The daemon, ended by SIGINT."""
    command = [sys.executable, "-m", "musedaemon", "--api", "jack", "--no-thru", *options]
    process = subprocess.Popen(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def wait_until(is_so: Callable[[], bool], patience: float = 30.0) -> float:
    """Wait; how long it took (seconds)."""
    began = time.perf_counter()
    while not is_so():
        if time.perf_counter() - began > patience:
            raise SystemExit("it did not come about in time")
        time.sleep(0.01)
    return time.perf_counter() - began


def call(bench: LinkBench, bpm: float, times: int = 1) -> int:
    """Play the call in eighths, so many times; how many messages had been heard before."""
    step = 30.0 / bpm
    notes = CALL * times
    bench.play(
        [
            (index * step + off, bytes((status, pitch, 80)))
            for index, pitch in enumerate(notes)
            for off, status in ((0.0, 0x90), (0.75 * step, 0x80))
        ],
        IN,
    )
    return len(bench.stamped)


def wait_for_reply(bench: LinkBench, before: int, bpm: float) -> None:
    """Until there was a reply and it is over: nothing sounds, nor has for two beats."""
    wait_until(lambda: len(bench.stamped) > before, 60.0)

    def over() -> bool:
        recorded = bench.recorded
        return not bench.sounding and bench.now() - recorded[-1][0] > 120.0 / bpm + 0.3

    wait_until(over, 90.0)


def off_ms(values: Floats, step: float, bpm: float) -> Floats:
    """How far (milliseconds) each beat is off the nearest multiple of `step` beats, late is positive."""
    return (values - np.round(values / step) * step) * 60_000 / bpm


def row(off: Floats) -> str:
    """Mean; then the median, 95th percentile and largest without sign."""
    size = np.abs(off)
    figures = (off.mean(), np.median(size), np.percentile(size, 95), size.max())
    return "mean {:+.2f}, off by {:.2f} {:.2f} {:.2f} ms (p50 p95 most)".format(*figures)


def turns(bench: LinkBench, peer: Peer, count: int) -> str:
    """So many calls and replies at the session's tempo."""
    firsts, all_off = [], []
    for _ in range(count):
        bpm = peer.bpm
        before = call(bench, bpm)
        wait_for_reply(bench, before, bpm)
        beats = peer.grid().beats(bench.onsets(before))
        firsts.append(off_ms(beats[:1], BAR, bpm))
        all_off.append(off_ms(beats, 1 / TICKS, bpm))
    onsets = np.concatenate(all_off)
    return (
        f"{peer.bpm:.1f} bpm, {count} turns: first notes and the bar: {row(np.concatenate(firsts))}\n"
        f"    {len(onsets)} onsets and the 24th of a beat: {row(onsets)}"
    )


def turned(bench: LinkBench, peer: Peer, bpm: float) -> str:
    """The peer's tempo changes in the midst of a reply."""
    before = call(bench, peer.bpm, 3)
    wait_until(lambda: bench.strikes(before) >= 4, 60.0)
    old = peer.bpm
    peer.turn_to(bpm)
    grid = peer.grid()
    wait_for_reply(bench, before, bpm)
    onsets = bench.onsets(before)
    later = onsets[onsets > grid.micros]
    off = off_ms(grid.beats(later), 1 / TICKS, bpm)
    known = later > grid.micros + 300_000
    return (
        f"{old:.1f} to {bpm:.1f} bpm in mid-reply: {len(later)} onsets after it, {int((~known).sum())} of them in the"
        f" 0.3 s that Link may take to tell: {row(off[~known]) if (~known).any() else '-'}\n"
        f"    {int(known.sum())} later ones and the 24th: {row(off[known]) if known.any() else '-'}"
    )


def stopped(bench: LinkBench, peer: Peer) -> str:
    """The peer starts, stops in the midst of a reply, and starts again."""
    peer.set_playing(True)
    time.sleep(BAR * 60.0 / peer.bpm + 0.5)
    before = call(bench, peer.bpm, 3)
    wait_until(lambda: bench.strikes(before) >= 4, 60.0)
    stop = peer.micros()
    peer.set_playing(False)
    time.sleep(4.0)
    silent = (bench.ends(before).max() - stop) / 1000
    late = int((bench.onsets(before) > stop + 300_000).sum())
    hanging = "a note hangs" if bench.sounding else "none hangs"
    peer.set_playing(True)
    told = turns(bench, peer, 1)
    return (
        f"stop in mid-reply: the last note-off {silent:.0f} ms after it, {late} notes later, {hanging}; then again\n"
        f"    {told}"
    )


def ramped(bench: LinkBench, peer: Peer) -> str:
    """The peer's tempo rises by a little on each beat of a long reply."""
    before = call(bench, peer.bpm)
    wait_until(lambda: bench.strikes(before) > 0, 60.0)
    grids = [peer.grid()]
    for bpm in np.linspace(100.0, 140.0, RAMP_BEATS + 1):
        time.sleep(60.0 / peer.bpm)
        peer.turn_to(float(bpm))
        grids.append(peer.grid())
    last = bench.onsets(before).max()
    wait_for_reply(bench, before, 140.0)
    onsets = bench.onsets(before)
    during = onsets[(onsets > grids[0].micros) & (onsets < last)]
    own = [max((grid for grid in grids if grid.micros <= onset), key=lambda grid: grid.micros) for onset in during]
    off = np.concatenate(
        [off_ms(grid.beats(np.array([onset])), 1 / TICKS, grid.bpm) for grid, onset in zip(own, during, strict=True)]
    )
    hanging = "a note hangs" if bench.sounding else "none hangs"
    return f"100 to {peer.bpm:.1f} bpm over {RAMP_BEATS} beats: {len(off)} onsets and the 24th: {row(off)}; {hanging}"


def ours(bench: LinkBench, peer: Peer) -> str:
    """What the daemon's player asks for."""
    period = 60.0 / 96.0
    bench.play([(at * period, bytes((0x90, TAP_KEY, 80))) for at in range(5)], IN)
    time.sleep(4 * period)
    tap = wait_until(lambda: abs(peer.bpm - 96.0) < 10.0)
    bpm = peer.bpm
    bench.play([(0.0, b"\xfc")], IN)
    stop = wait_until(lambda: not peer.playing)
    bench.play([(0.0, b"\xfa")], IN)
    start = wait_until(lambda: peer.playing)
    return (
        f"five taps at 96 bpm: the session is at {bpm:.2f} {tap * 1000:.0f} ms after the last; a Stop by MIDI is the"
        f" session's after {stop * 1000:.0f} ms, a Start after {start * 1000:.0f}"
    )


@contextmanager
def in_session(server: JackServer, *options: str) -> Iterator[tuple[LinkBench, Peer]]:
    """The daemon in the peer's session, which is at 100 bpm and the older one."""
    peer = Peer(100.0)
    config = Path(f"link-{os.getpid()}.toml")
    config.write_text(f"[tempo]\ntap_key = {TAP_KEY}\n")
    with_link = ["--clock", "link", "--start-on", "bar", "--bpm", "90", "--config", str(config)]
    try:
        with daemon(*with_link, *options), LinkBench(server, peer) as bench:
            bench.wait_for_port(OUT, patience=60.0)
            bench.wait_for_port(IN)
            bench.listen_to(OUT)
            wait_until(lambda: peer.peers > 0)
            time.sleep(2.0)
            yield bench, peer
    finally:
        config.unlink()
        peer.leave()


def jam(server: JackServer, count: int, options: list[str]) -> Iterator[str]:
    """One session; a line for each part."""
    with in_session(server, *options) as (bench, peer):
        yield turns(bench, peer, count)
        yield turned(bench, peer, 140.0)
        yield turns(bench, peer, count)
        yield stopped(bench, peer)
        yield ours(bench, peer)


def idle(seconds: float, *options: str) -> str:
    """The share of a core that a daemon to whom nothing happens takes, JACK's own threads included."""
    with daemon(*options) as process:
        time.sleep(6.0)
        before = _processor_s(process.pid)
        time.sleep(seconds)
        took = _processor_s(process.pid) - before
    return f"{' '.join(options) or 'without a clock'}: {100 * took / seconds:.2f}% of a core, idle"


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--frames", type=int, default=64, help="JACK's period")
    parser.add_argument("--ramp", action="store_true", help="measure a long change of tempo instead")
    parser.add_argument("--idle", action="store_true", help="measure an idle daemon instead")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--model", default="", help="an .onnx file; the default model if none")
    options = parser.parse_args()
    with running_server(f"muselink-{os.getpid()}") as server, server.period(options.frames):
        if options.idle:
            for clock in ([], ["--clock", "link"], ["--clock", "internal", "--bpm", "120"]):
                print(idle(options.seconds, *clock), flush=True)
            return
        model = ["--model", options.model] if options.model else []
        if options.ramp:
            with in_session(server, "--beats", str(RAMP_BEATS), *model) as (bench, peer):
                print(ramped(bench, peer), flush=True)
            return
        for line in jam(server, options.turns, model):
            print(line, flush=True)


if __name__ == "__main__":
    main()
