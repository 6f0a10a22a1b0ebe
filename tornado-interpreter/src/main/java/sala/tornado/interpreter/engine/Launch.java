package sala.tornado.interpreter.engine;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import sala.tornado.interpreter.InterpreterDevice;
import sala.tornado.interpreter.InterpreterException;
import uk.ac.manchester.tornado.api.WorkerGrid;

/** One run of a task: every lane of every work group. */
final class Launch {
    /** Below so many lanes a second thread costs more than it gives. */
    private static final int LANES_WORTH_A_THREAD = 2048;

    private final String task;
    private final KernelProgram program;
    private final List<Object> arguments;
    private final List<Optional<DeviceArray>> arrays;
    private final LaunchShape shape;
    private final InterpreterDevice device;

    /**
     * @param arguments the task's arguments, the device's arrays in place of the host's
     * @param arrays for each argument, its device array
     */
    Launch(
            String task,
            KernelProgram program,
            List<Object> arguments,
            List<Optional<DeviceArray>> arrays,
            @Nullable WorkerGrid grid,
            InterpreterDevice device) {
        this.task = task;
        this.program = program;
        this.arguments = arguments;
        this.arrays = arrays;
        this.device = device;
        this.shape = shape(task, program, grid);
    }

    private static LaunchShape shape(String task, KernelProgram program, @Nullable WorkerGrid grid) {
        if (!program.usesContext()) {
            return LaunchShape.single();
        }
        if (grid == null) {
            throw new InterpreterException(
                    "task %s uses a KernelContext, but the grid scheduler has no grid for it: addWorkerGrid(\"%s\", ...)"
                            .formatted(task, task));
        }
        return LaunchShape.of(task, grid);
    }

    void run() {
        boolean watched = device.checks() && program.usesContext();
        GlobalArray[] globalArrays = new GlobalArray[arguments.size()];
        for (int i = 0; i < globalArrays.length; i++) {
            globalArrays[i] = globalArray(i, watched);
        }
        Object[] values = arguments.toArray();
        int[] groups = device.order().of(shape.groupCount());
        int[] lanes = device.order().of(shape.lanesPerGroup());
        int threads = threads();
        if (threads == 1) {
            WorkGroup workGroup = workGroup(globalArrays, lanes);
            for (int group : groups) {
                workGroup.run(group, values);
            }
            return;
        }
        AtomicInteger next = new AtomicInteger();
        IntStream.range(0, threads).parallel().forEach(_ -> {
            WorkGroup workGroup = workGroup(globalArrays, lanes);
            for (int i = next.getAndIncrement(); i < groups.length; i = next.getAndIncrement()) {
                workGroup.run(groups[i], values);
            }
        });
    }

    private WorkGroup workGroup(GlobalArray[] globalArrays, int[] lanes) {
        LocalMemory localMemory = new LocalMemory(
                device.checks(),
                device.getDeviceLocalMemorySize(),
                program.sites().size());
        return new WorkGroup(shape, program, task, globalArrays, device.checks(), localMemory, lanes);
    }

    /** Checks and atomic operations need one thread; the fast device otherwise takes all there are. */
    private int threads() {
        if (device.checks() || program.atomics()) {
            return 1;
        }
        int worth = (int)
                Math.min(shape.groupCount(), (long) shape.groupCount() * shape.lanesPerGroup() / LANES_WORTH_A_THREAD);
        return Math.clamp(worth, 1, Runtime.getRuntime().availableProcessors());
    }

    private GlobalArray globalArray(int index, boolean watched) {
        DeviceArray array = arrays.get(index).orElse(DeviceArray.NONE);
        Shadow shadow = null;
        if (watched && isWritten(array)) {
            shadow = array.shadow();
            if (isFirstMention(array, index)) {
                shadow.forget();
            }
        }
        return new GlobalArray(
                program.parameterNames().get(index),
                array.twin(),
                array.storage(),
                array.storage().getSize(),
                shadow);
    }

    /** Whether the kernel writes the array through any of its parameters. */
    private boolean isWritten(DeviceArray array) {
        return IntStream.range(0, arrays.size())
                .filter(program.written()::get)
                .anyMatch(i -> arrays.get(i).orElse(null) == array);
    }

    private boolean isFirstMention(DeviceArray array, int index) {
        return IntStream.range(0, index).noneMatch(i -> arrays.get(i).orElse(null) == array);
    }
}
