package sala.tornado.interpreter.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import sala.tornado.interpreter.InterpreterDevice;
import sala.tornado.interpreter.InterpreterException;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** Executes the graphs of a plan: allocates, copies, launches. */
public final class PlanExecutor {
    private static final Pattern MEMORY_LIMIT = Pattern.compile("\\s*(\\d+)\\s*(B|KB|MB|GB)\\s*");

    private final List<DeviceGraph> graphs;
    private List<DeviceGraph> selected;
    private InterpreterDevice device;
    private GridScheduler gridScheduler = new GridScheduler();
    private long memoryLimit = Long.MAX_VALUE;
    private @Nullable DeviceGraph lastExecuted;
    private boolean profiled;
    private boolean closed;

    public PlanExecutor(List<GraphDescription> descriptions, TornadoDevice defaultDevice) {
        this.graphs = descriptions.stream().map(DeviceGraph::new).toList();
        this.selected = graphs;
        this.device = interpreter(defaultDevice);
    }

    public void selectGraph(int index) {
        requireOpen();
        if (index < 0 || index >= graphs.size()) {
            throw new InterpreterException("withGraph(%d) of a plan of %d graphs: expected 0 to %d"
                    .formatted(index, graphs.size(), graphs.size() - 1));
        }
        selected = List.of(graphs.get(index));
    }

    public void selectAllGraphs() {
        requireOpen();
        selected = graphs;
    }

    public void setDevice(TornadoDevice newDevice) {
        requireOpen();
        device = interpreter(newDevice);
    }

    public InterpreterDevice device(int graphIndex) {
        return device;
    }

    private static InterpreterDevice interpreter(TornadoDevice device) {
        if (device instanceof InterpreterDevice interpreterDevice) {
            return interpreterDevice;
        }
        throw new InterpreterException(
                "device %s is none of the interpreter's: use InterpreterDevice.checking() or fast()"
                        .formatted(device.getDeviceName()));
    }

    public void setGridScheduler(GridScheduler newScheduler) {
        requireOpen();
        Set<String> unknown = new TreeSet<>(newScheduler.keySet());
        for (DeviceGraph graph : graphs) {
            unknown.removeAll(graph.taskNames());
        }
        if (!newScheduler.keySet().isEmpty()
                && unknown.size() == newScheduler.keySet().size()) {
            throw new InterpreterException(
                    "the grid scheduler names %s, but no graph of the plan has such a task: expected %s"
                            .formatted(
                                    unknown,
                                    graphs.stream()
                                            .flatMap(graph -> graph.taskNames().stream())
                                            .toList()));
        }
        gridScheduler = newScheduler;
    }

    public void setMemoryLimit(String limit) {
        requireOpen();
        Matcher matcher = MEMORY_LIMIT.matcher(limit.toUpperCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new InterpreterException(
                    "withMemoryLimit(\"%s\"): expected a number and B, KB, MB or GB, as in \"512MB\"".formatted(limit));
        }
        long unit = switch (matcher.group(2)) {
            case "B" -> 1;
            case "KB" -> 1 << 10;
            case "MB" -> 1 << 20;
            default -> 1 << 30;
        };
        memoryLimit = Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
    }

    public void clearMemoryLimit() {
        requireOpen();
        memoryLimit = Long.MAX_VALUE;
    }

    /** Whether executions add to the logs of their graphs. */
    public void setProfiled(boolean newProfiled) {
        requireOpen();
        profiled = newProfiled;
    }

    /** The logs of the selected graphs. */
    public String profileLog() {
        return selected.stream().map(DeviceGraph::log).collect(Collectors.joining());
    }

    public long deviceBytes() {
        return graphs.stream().mapToLong(DeviceGraph::bytes).sum();
    }

    public void freeDeviceMemory() {
        graphs.forEach(DeviceGraph::free);
    }

    public void close() {
        closed = true;
        freeDeviceMemory();
    }

    private void requireOpen() {
        if (closed) {
            throw new InterpreterException(
                    "the plan of %s is closed: its device memory is gone; make a new plan".formatted(this));
        }
    }

    /** Prepares the kernels of the selected graphs. */
    public void compile() {
        requireOpen();
        for (DeviceGraph graph : selected) {
            for (GraphDescription.Step step : graph.steps()) {
                if (step instanceof GraphDescription.Task task) {
                    program(graph.name() + "." + task.id(), task);
                }
            }
        }
    }

    public ExecutionProfile execute() {
        requireOpen();
        Stopwatch watch = new Stopwatch();
        for (DeviceGraph graph : selected) {
            executeGraph(graph, watch);
        }
        lastExecuted = selected.getLast();
        return watch.profile(deviceBytes());
    }

    private void executeGraph(DeviceGraph graph, Stopwatch watch) {
        watch.beginGraph();
        new Handover(graph, graphs, lastExecuted).perform();
        for (GraphDescription.Step step : graph.steps()) {
            switch (step) {
                case GraphDescription.TransferToDevice transfer -> transferToDevice(graph, transfer, watch);
                case GraphDescription.Consume _ -> {}
                case GraphDescription.Task task -> launch(graph, task, watch);
                case GraphDescription.Persist persist -> persist(graph, persist);
                case GraphDescription.TransferToHost transfer -> transferToHost(graph, transfer, watch);
            }
        }
        if (profiled) {
            graph.addToLog(watch.taskNanos());
        }
    }

    private void transferToDevice(DeviceGraph graph, GraphDescription.TransferToDevice transfer, Stopwatch watch) {
        for (Object hostArray : transfer.arrays()) {
            DeviceArray array = allocated(graph, hostArray);
            if (graph.markTransferred(hostArray) || transfer.everyExecution()) {
                watch.write(() -> array.copyFrom(hostArray));
            }
        }
    }

    private void persist(DeviceGraph graph, GraphDescription.Persist persist) {
        for (Object hostArray : persist.arrays()) {
            allocated(graph, hostArray);
            graph.markPersisted(hostArray);
        }
    }

    private void transferToHost(DeviceGraph graph, GraphDescription.TransferToHost transfer, Stopwatch watch) {
        for (Object hostArray : transfer.arrays()) {
            DeviceArray array = allocated(graph, hostArray);
            if (!transfer.underDemand()) {
                watch.read(() -> array.copyTo(hostArray));
            }
        }
    }

    /** Copies arrays of the selected graphs to the host, after their execution. */
    public void transferToHost(Object... hostArrays) {
        for (Object hostArray : hostArrays) {
            for (DeviceArray array : onDevice(hostArray)) {
                array.copyTo(hostArray);
            }
        }
    }

    public void transferToHost(Object hostArray, long offsetWithHeader, long bytes) {
        for (DeviceArray array : onDevice(hostArray)) {
            array.copyTo(hostArray, offsetWithHeader, bytes);
        }
    }

    private List<DeviceArray> onDevice(Object hostArray) {
        requireOpen();
        List<DeviceArray> found = new ArrayList<>();
        for (DeviceGraph graph : selected) {
            DeviceArray array = graph.find(hostArray);
            if (array != null) {
                found.add(array);
            }
        }
        if (found.isEmpty()) {
            throw new InterpreterException("transferToHost of %s, which no executed graph of %s has on the device"
                    .formatted(
                            DeviceArray.describe(hostArray),
                            selected.stream().map(DeviceGraph::name).toList()));
        }
        return found;
    }

    private DeviceArray allocated(DeviceGraph graph, Object hostArray) {
        DeviceArray found = graph.find(hostArray);
        if (found != null) {
            return found;
        }
        DeviceArray array = new DeviceArray(hostArray);
        if (array.bytes() > memoryLimit - deviceBytes()) {
            throw new InterpreterException(
                    "graph %s: no device memory for %s of %d bytes: %d bytes are in use, the limit is %d; raise withMemoryLimit or free arrays"
                            .formatted(
                                    graph.name(),
                                    DeviceArray.describe(hostArray),
                                    array.bytes(),
                                    deviceBytes(),
                                    memoryLimit));
        }
        graph.add(hostArray, array);
        return array;
    }

    private void launch(DeviceGraph graph, GraphDescription.Task task, Stopwatch watch) {
        String name = graph.name() + "." + task.id();
        List<Object> arguments = new ArrayList<>();
        List<Optional<DeviceArray>> arrays = new ArrayList<>();
        for (int i = 0; i < task.arguments().size(); i++) {
            Object argument = task.arguments().get(i);
            Optional<DeviceArray> array =
                    DeviceArray.isArray(argument) ? Optional.of(deviceArgument(graph, task, i)) : Optional.empty();
            arrays.add(array);
            arguments.add(array.isPresent() ? array.get().twin() : argument);
        }
        Optional<KernelProgram> program = watch.compile(() -> program(name, task));
        if (program.isPresent()) {
            Launch launch = new Launch(name, program.get(), arguments, arrays, gridScheduler.get(name), device);
            watch.kernel(name, launch::run);
        }
    }

    private Optional<KernelProgram> program(String name, GraphDescription.Task task) {
        return KernelFinder.find(name, task.code(), task.arguments())
                .map(method -> KernelPrograms.of(method, device.checks()));
    }

    private DeviceArray deviceArgument(DeviceGraph graph, GraphDescription.Task task, int index) {
        Object hostArray = task.arguments().get(index);
        DeviceArray found = graph.find(hostArray);
        if (found != null) {
            return found;
        }
        if (!graph.isOutput(hostArray)) {
            throw new InterpreterException(
                    "task %s.%s: argument %d, %s, is in no transferToDevice, transferToHost, persistOnDevice or consumeFromDevice before it: name it in one of them"
                            .formatted(graph.name(), task.id(), index, DeviceArray.describe(hostArray)));
        }
        return allocated(graph, hostArray);
    }

    @Override
    public String toString() {
        return graphs.stream().map(DeviceGraph::name).toList().toString();
    }
}
