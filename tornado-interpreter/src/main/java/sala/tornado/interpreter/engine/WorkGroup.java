package sala.tornado.interpreter.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import sala.tornado.interpreter.InterpreterException;
import sala.tornado.interpreter.engine.Lane.LaneState;

/**
 * Runs work groups, one after the other, on one thread. Lanes run in order, each until it ends or waits; when all wait
 * at the same barrier they go on, and likewise the lanes of a warp at a warp operation.
 */
final class WorkGroup implements LaneSequence {
    private final LaunchShape shape;
    private final KernelProgram program;
    private final String task;
    private final boolean checks;
    private final LocalMemory localMemory;
    private final List<Lane> lanes = new ArrayList<>();
    private final List<Warp> warps = new ArrayList<>();
    private final int[] order;
    private final GlobalArray[] arrays;
    private int group;
    private int position;
    private @Nullable Lane current;
    private int localEpoch;
    private int globalEpoch;

    WorkGroup(
            LaunchShape shape,
            KernelProgram program,
            String task,
            GlobalArray[] arrays,
            boolean checks,
            LocalMemory localMemory,
            int[] order) {
        this.shape = shape;
        this.program = program;
        this.task = task;
        this.arrays = arrays;
        this.checks = checks;
        this.localMemory = localMemory;
        this.order = order;
        // Lanes that never wait run through one after the other, so one object serves them all.
        int count = program.waits() ? shape.lanesPerGroup() : 1;
        for (int i = 0; i < count; i++) {
            lanes.add(new Lane(this, i, arrays));
        }
        for (int i = 0; i < count; i += Warp.SIZE) {
            warps.add(new Warp(List.copyOf(lanes.subList(i, Math.min(count, i + Warp.SIZE)))));
        }
    }

    boolean checks() {
        return checks;
    }

    LocalMemory localMemory() {
        return localMemory;
    }

    Site site(int number) {
        return program.sites().get(number);
    }

    LaunchShape shape() {
        return shape;
    }

    void run(int newGroup, Object[] arguments) {
        group = newGroup;
        localMemory.restart();
        localEpoch = 0;
        globalEpoch = 0;
        if (program.waits()) {
            for (Lane lane : lanes) {
                lane.restart();
                place(lane, lane.index);
            }
        }
        try {
            do {
                position = 0;
                current = null;
                program.body().run(arguments, this);
            } while (program.waits() && goOn());
        } catch (InterpreterException e) {
            throw e;
        } catch (RuntimeException | StackOverflowError e) {
            Lane failed = current;
            throw new InterpreterException(
                    "%s: %s%s"
                            .formatted(
                                    where(failed),
                                    e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage(),
                                    checks ? "" : " (InterpreterDevice.checking() tells the array and the line)"),
                    e);
        }
    }

    private void place(Lane lane, int index) {
        shape.place(lane, group, index);
        lane.globalTag = ((long) group << Shadow.GROUP_SHIFT) | ((long) index << Shadow.LANE_SHIFT);
        lane.localTag = lane.globalTag;
    }

    @Override
    public @Nullable Lane next() {
        if (program.waits()) {
            return nextWaiting();
        }
        if (position == order.length) {
            return null;
        }
        Lane lane = lanes.get(0);
        lane.allocations = 0;
        lane.copies = null;
        place(lane, order[position++]);
        current = lane;
        return lane;
    }

    private @Nullable Lane nextWaiting() {
        endCurrent();
        while (position < order.length) {
            Lane lane = lanes.get(order[position++]);
            if (lane.state == LaneState.READY) {
                lane.enter();
                current = lane;
                return lane;
            }
        }
        return null;
    }

    private void endCurrent() {
        Lane lane = current;
        if (lane != null && !lane.waiting) {
            lane.state = LaneState.ENDED;
        }
        current = null;
    }

    /** Lets lanes go on whose wait is over; false when all have ended. */
    private boolean goOn() {
        boolean someReady = false;
        for (Warp warp : warps) {
            someReady |= performWarpOperation(warp);
        }
        if (someReady) {
            return true;
        }
        Lane first = lanes.get(0);
        boolean ended = first.state == LaneState.ENDED;
        for (Lane lane : lanes) {
            if (lane.state != first.state || !(ended || samePlace(lane, first))) {
                throw divergence(first, lane);
            }
        }
        if (ended) {
            return false;
        }
        if (first.state == LaneState.AT_WARP_OPERATION) {
            throw new IllegalStateException("a warp operation that all wait at was not performed");
        }
        passBarrier(first.state);
        return true;
    }

    private static boolean samePlace(Lane lane, Lane other) {
        return lane.site == other.site && lane.waitPath == other.waitPath;
    }

    private boolean performWarpOperation(Warp warp) {
        Lane first = warp.lanes().get(0);
        WarpOperation operation = first.operation;
        if (first.state != LaneState.AT_WARP_OPERATION || operation == null) {
            return false;
        }
        for (Lane lane : warp.lanes()) {
            if (lane.state != LaneState.AT_WARP_OPERATION || !samePlace(lane, first)) {
                throw divergence(first, lane);
            }
        }
        warp.perform(operation);
        for (Lane lane : warp.lanes()) {
            lane.state = LaneState.READY;
        }
        return true;
    }

    private void passBarrier(LaneState barrier) {
        boolean local = barrier == LaneState.AT_LOCAL_BARRIER;
        if (local) {
            localEpoch++;
        } else {
            globalEpoch++;
        }
        if (localEpoch == Shadow.MAX_EPOCHS || globalEpoch == Shadow.MAX_EPOCHS) {
            forgetAccesses();
        }
        for (Lane lane : lanes) {
            long lowest = lane.globalTag & ~((long) (Shadow.MAX_EPOCHS - 1) << Shadow.EPOCH_SHIFT);
            lane.globalTag = lowest | ((long) globalEpoch << Shadow.EPOCH_SHIFT);
            lane.localTag = lowest | ((long) localEpoch << Shadow.EPOCH_SHIFT);
            lane.state = LaneState.READY;
        }
    }

    /** After more barriers than a tag can count. */
    private void forgetAccesses() {
        localEpoch = 0;
        globalEpoch = 0;
        localMemory.forgetAccesses();
        for (GlobalArray array : arrays) {
            if (array.shadow() != null) {
                array.shadow().forget();
            }
        }
    }

    private InterpreterException divergence(Lane first, Lane other) {
        Lane waits = first.state == LaneState.ENDED ? other : first;
        Lane elsewhere = waits == first ? other : first;
        String doing = elsewhere.state == LaneState.ENDED
                ? "has ended"
                : "waits at %s (%s)"
                        .formatted(
                                site(elsewhere.site).what(),
                                site(elsewhere.site).place());
        boolean warp = waits.state == LaneState.AT_WARP_OPERATION;
        return failure(
                waits,
                waits.site,
                "waits at %s, but lane %s %s: every lane of the %s must reach the same %s; move it out of the branch or loop that lanes leave differently"
                        .formatted(
                                waits.state == LaneState.AT_LOCAL_BARRIER
                                        ? "localBarrier"
                                        : waits.state == LaneState.AT_GLOBAL_BARRIER
                                                ? "globalBarrier"
                                                : site(waits.site).what(),
                                elsewhere.localId(),
                                doing,
                                warp ? "warp" : "work group",
                                warp ? "call" : "barrier"));
    }

    InterpreterException failure(Lane lane, int siteNumber, String what) {
        Site site = site(siteNumber);
        return new InterpreterException("kernel %s (%s), task %s, work group %s, lane %s: %s"
                .formatted(program.method().displayName(), site.place(), task, groupName(group), lane.localId(), what));
    }

    private String where(@Nullable Lane lane) {
        String kernel =
                "kernel %s, task %s, work group %s".formatted(program.method().displayName(), task, groupName(group));
        return lane == null ? kernel : kernel + ", lane " + lane.localId();
    }

    String groupName(int number) {
        return shape.groupName(number);
    }

    String laneName(int number) {
        return shape.laneName(number);
    }
}
