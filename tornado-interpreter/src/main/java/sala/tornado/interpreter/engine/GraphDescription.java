package sala.tornado.interpreter.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import sala.tornado.interpreter.InterpreterException;
import uk.ac.manchester.tornado.api.common.TaskPackage;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;

/** A task graph as it was written: its steps in order. */
public final class GraphDescription {
    /** One line of a graph. */
    public sealed interface Step {}

    record TransferToDevice(boolean everyExecution, List<Object> arrays) implements Step {}

    record TransferToHost(boolean underDemand, List<Object> arrays) implements Step {}

    record Persist(List<Object> arrays) implements Step {}

    /** Arrays of a graph that ran before; of the one that ran last where no name is given. */
    record Consume(Optional<String> sourceGraph, List<Object> arrays) implements Step {}

    record Task(String id, Object code, List<Object> arguments) implements Step {}

    private final String name;
    private final List<Step> steps;

    public GraphDescription(String name, List<Step> steps) {
        this.name = name;
        this.steps = List.copyOf(steps);
        Set<String> ids = new HashSet<>();
        for (Step step : steps) {
            if (step instanceof Task task && !ids.add(task.id())) {
                throw new InterpreterException(
                        "graph %s has two tasks named %s: give each task its own name".formatted(name, task.id()));
            }
        }
    }

    public static Step transferToDevice(String graph, int mode, @Nullable Object... arrays) {
        if (mode != DataTransferMode.FIRST_EXECUTION && mode != DataTransferMode.EVERY_EXECUTION) {
            throw new InterpreterException(
                    "graph %s: transferToDevice with mode %d: expected FIRST_EXECUTION (0) or EVERY_EXECUTION (1)"
                            .formatted(graph, mode));
        }
        return new TransferToDevice(
                mode == DataTransferMode.EVERY_EXECUTION, deviceArrays(graph, "transferToDevice", arrays));
    }

    public static Step transferToHost(String graph, int mode, @Nullable Object... arrays) {
        if (mode != DataTransferMode.EVERY_EXECUTION && mode != DataTransferMode.UNDER_DEMAND) {
            throw new InterpreterException(
                    "graph %s: transferToHost with mode %d: expected EVERY_EXECUTION (1) or UNDER_DEMAND (2)"
                            .formatted(graph, mode));
        }
        return new TransferToHost(mode == DataTransferMode.UNDER_DEMAND, deviceArrays(graph, "transferToHost", arrays));
    }

    public static Step persist(String graph, @Nullable Object... arrays) {
        return new Persist(deviceArrays(graph, "persistOnDevice", arrays));
    }

    public static Step consume(String graph, String sourceGraph, @Nullable Object... arrays) {
        return new Consume(Optional.of(sourceGraph), deviceArrays(graph, "consumeFromDevice", arrays));
    }

    public static Step consumeFromPrevious(String graph, @Nullable Object... arrays) {
        return new Consume(Optional.empty(), deviceArrays(graph, "consumeFromDevice", arrays));
    }

    public static Step task(String graph, TaskPackage task) {
        Object[] parameters = task.getTaskParameters();
        for (int i = 1; i < parameters.length; i++) {
            if (parameters[i].getClass().isArray()) {
                throw new InterpreterException(
                        "task %s.%s: argument %d is a %s: expected an array of the API, such as FloatArray"
                                .formatted(
                                        graph,
                                        task.getId(),
                                        i - 1,
                                        parameters[i].getClass().getSimpleName()));
            }
        }
        return new Task(task.getId(), parameters[0], List.of(parameters).subList(1, parameters.length));
    }

    private static List<Object> deviceArrays(String graph, String call, @Nullable Object... arrays) {
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < arrays.length; i++) {
            Object array = arrays[i];
            if (array == null || !DeviceArray.isArray(array)) {
                throw new InterpreterException(
                        "graph %s: argument %d of %s is %s: expected an array of the API, such as FloatArray"
                                .formatted(
                                        graph,
                                        i,
                                        call,
                                        array == null
                                                ? "null"
                                                : "a " + array.getClass().getSimpleName()));
            }
            list.add(array);
        }
        return list;
    }

    public String name() {
        return name;
    }

    public List<Step> steps() {
        return steps;
    }

    @Override
    public String toString() {
        return "graph " + name;
    }
}
