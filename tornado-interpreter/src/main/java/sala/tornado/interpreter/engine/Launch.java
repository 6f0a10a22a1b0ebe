package sala.tornado.interpreter.engine;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import org.jspecify.annotations.Nullable;
import sala.tornado.interpreter.InterpreterDevice;
import sala.tornado.interpreter.InterpreterException;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;

/** One run of a task: every lane of every work group. */
final class Launch {
    private final String task;
    private final MethodHandle kernel;
    private final List<Object> arguments;
    private final @Nullable WorkerGrid grid;
    private final InterpreterDevice device;

    Launch(String task, Object code, List<Object> arguments, @Nullable WorkerGrid grid, InterpreterDevice device) {
        this.task = task;
        this.kernel = TaskInvoker.of(code, arguments.size());
        this.arguments = arguments;
        this.grid = grid;
        this.device = device;
    }

    void run() {
        int contextIndex = -1;
        for (int i = 0; i < arguments.size(); i++) {
            if (arguments.get(i) instanceof KernelContext) {
                contextIndex = i;
            }
        }
        Object[] values = arguments.toArray();
        if (contextIndex < 0) {
            call(values);
            return;
        }
        if (grid == null) {
            throw new InterpreterException(
                    "task %s uses a KernelContext, but the grid scheduler has no grid for it: addWorkerGrid(\"%s\", ...)"
                            .formatted(task, task));
        }
        int[] global = ints(grid.getGlobalWork());
        long[] localWork = grid.getLocalWork();
        int[] local = localWork == null ? global : ints(localWork);
        int[] groups = {global[0] / local[0], global[1] / local[1], global[2] / local[2]};
        for (int group : device.order().of(groups[0] * groups[1] * groups[2])) {
            int gx = group % groups[0];
            int gy = group / groups[0] % groups[1];
            int gz = group / groups[0] / groups[1];
            for (int lane : device.order().of(local[0] * local[1] * local[2])) {
                int lx = lane % local[0];
                int ly = lane / local[0] % local[1];
                int lz = lane / local[0] / local[1];
                values[contextIndex] = context(new int[] {gx, gy, gz}, new int[] {lx, ly, lz}, global, local);
                call(values);
            }
        }
    }

    private static int[] ints(long[] values) {
        return new int[] {Math.toIntExact(values[0]), Math.toIntExact(values[1]), Math.toIntExact(values[2])};
    }

    private static KernelContext context(int[] group, int[] lane, int[] global, int[] local) {
        try {
            return (KernelContext) MethodHandles.privateLookupIn(KernelContext.class, MethodHandles.lookup())
                    .findConstructor(
                            KernelContext.class,
                            MethodType.methodType(void.class, int[].class, int[].class, int[].class, int[].class))
                    .invoke(group, lane, global, local);
        } catch (Throwable e) {
            throw new IllegalStateException("no context for a lane", e);
        }
    }

    private void call(Object[] values) {
        try {
            kernel.invoke(values);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new InterpreterException("task " + task + " failed", e);
        }
    }
}
