package sala.tornado.interpreter.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import sala.tornado.interpreter.InterpreterException;
import uk.ac.manchester.tornado.api.WorkerGrid;

/** Lanes and work groups of a launch, in three dimensions. */
final class LaunchShape {
    private static final int[] ONE = {1, 1, 1};

    private final int[] global;
    private final int[] local;
    private final int[] groups;

    private LaunchShape(int[] global, int[] local) {
        this.global = global;
        this.local = local;
        this.groups = new int[] {global[0] / local[0], global[1] / local[1], global[2] / local[2]};
    }

    /** A single lane. */
    static LaunchShape single() {
        return new LaunchShape(ONE, ONE);
    }

    /** The shape of a grid; where it has no local size, the largest power of two that divides its x and is at most 256. */
    static LaunchShape of(String task, WorkerGrid grid) {
        int[] global = ints(task, "global", grid.getGlobalWork());
        long[] localWork = grid.getLocalWork();
        int[] local = localWork == null
                ? new int[] {Math.min(256, Integer.lowestOneBit(global[0])), 1, 1}
                : ints(task, "local", localWork);
        if (!Arrays.equals(grid.getGlobalOffset(), new long[3])) {
            throw new InterpreterException("task %s: the grid's global offset is %s: expected none"
                    .formatted(task, Arrays.toString(grid.getGlobalOffset())));
        }
        for (int i = 0; i < 3; i++) {
            if (global[i] % local[i] != 0) {
                throw new InterpreterException(
                        "task %s: the grid's global size %s is no multiple of its local size %s in dimension %s: round it up, and let the kernel skip lanes past the end"
                                .formatted(task, Arrays.toString(global), Arrays.toString(local), "xyz".charAt(i)));
            }
        }
        LaunchShape shape = new LaunchShape(global, local);
        if (shape.lanesPerGroup() > Shadow.MAX_LANES) {
            throw new InterpreterException(
                    "task %s: the grid's local size %s makes %d lanes a work group: expected at most %d"
                            .formatted(task, Arrays.toString(local), shape.lanesPerGroup(), Shadow.MAX_LANES));
        }
        if ((long) shape.groups[0] * shape.groups[1] * shape.groups[2] > Shadow.MAX_GROUPS) {
            throw new InterpreterException("task %s: the grid makes %s work groups: expected at most %d in all"
                    .formatted(task, Arrays.toString(shape.groups), Shadow.MAX_GROUPS));
        }
        return shape;
    }

    private static int[] ints(String task, String what, long @Nullable [] values) {
        int[] ints = new int[3];
        for (int i = 0; i < 3; i++) {
            long value = values == null || i >= values.length ? 1 : values[i];
            if (value < 1 || value > Integer.MAX_VALUE) {
                throw new InterpreterException("task %s: the grid's %s size is %s: expected three positive numbers"
                        .formatted(task, what, Arrays.toString(values)));
            }
            ints[i] = (int) value;
        }
        return ints;
    }

    int lanesPerGroup() {
        return Math.multiplyExact(Math.multiplyExact(local[0], local[1]), local[2]);
    }

    int groupCount() {
        return groups[0] * groups[1] * groups[2];
    }

    int localX() {
        return local[0];
    }

    /** Sets a lane's ids. */
    void place(Lane lane, int group, int index) {
        int groupX = group % groups[0];
        int groupY = group / groups[0] % groups[1];
        int groupZ = group / groups[0] / groups[1];
        int localX = index % local[0];
        int localY = index / local[0] % local[1];
        int localZ = index / local[0] / local[1];
        lane.groupIdx = groupX;
        lane.groupIdy = groupY;
        lane.groupIdz = groupZ;
        lane.localIdx = localX;
        lane.localIdy = localY;
        lane.localIdz = localZ;
        lane.globalIdx = groupX * local[0] + localX;
        lane.globalIdy = groupY * local[1] + localY;
        lane.globalIdz = groupZ * local[2] + localZ;
        lane.globalGroupSizeX = global[0];
        lane.globalGroupSizeY = global[1];
        lane.globalGroupSizeZ = global[2];
        lane.localGroupSizeX = local[0];
        lane.localGroupSizeY = local[1];
        lane.localGroupSizeZ = local[2];
    }

    String groupName(int group) {
        return name(group, groups);
    }

    String laneName(int lane) {
        return name(lane, local);
    }

    private static String name(int number, int[] sizes) {
        return "(%d, %d, %d)".formatted(number % sizes[0], number / sizes[0] % sizes[1], number / sizes[0] / sizes[1]);
    }
}
