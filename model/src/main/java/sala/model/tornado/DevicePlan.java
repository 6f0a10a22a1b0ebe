package sala.model.tornado;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import sala.kernels.KernelGraph;
import sala.model.DeviceException;
import sala.model.DevicePass.FirstRuns;
import sala.model.TaskProfile;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One execution plan of many graphs that share arrays on the device and may follow each other in any order.
 *
 * <p>TornadoVM hands a device buffer from one graph to the next by the name of the graph that ran just before. So each
 * graph here has an owner, which holds all it shares and computes nothing, and which runs right before the graph's first
 * run: from then on the graph has its buffers. An owner may stand on another one and hand on what that one holds, so that a
 * graph can have the arrays of several. From every other graph a graph takes the step array alone, which all of them
 * share; without that, the runtime would look for all its arrays in whatever graph ran before.
 *
 * <p>Graphs bear one of three names in TornadoVM, by their {@link Role}: the lists of what comes from whom, which TornadoVM
 * searches array by array at every run, are then three, however many graphs there are. It follows that an owner may not run
 * right after an owner that it does not stand on; the root runs between, and the host's step must be that of the call.
 *
 * <p>A task is compiled when its graph first runs. TornadoVM finds compiled code by the names of graph and task, so tasks of
 * one name in graphs of one role, which must differ in their arrays alone, are compiled once.
 *
 * <p>A recorded graph is captured on its first run, copies included, and replayed from then on (a CUDA graph): the host
 * sends it in one piece. Its launches keep the buffers and grids that they had; what changes between calls must come from
 * arrays that are transferred in the graph, or that an earlier graph wrote. A replayed graph has no times of its tasks.
 */
final class DevicePlan implements AutoCloseable {
    private static final Pattern COLOUR = Pattern.compile("\u001B\\[[0-9;]*m");

    /** What a graph is there for, and its name in TornadoVM. */
    enum Role {
        /** The first graph, which transfers the step. */
        ROOT("root"),
        /** Holds arrays for others. */
        OWNER("owner"),
        /** Computes. */
        WORK("work");

        private final String graphName;

        Role(String graphName) {
            this.graphName = graphName;
        }
    }

    /**
     * A graph to be made.
     *
     * @param name unique in the plan
     * @param owner name of the graph that comes before it in the list and holds {@code shared}; empty for the root
     * @param shared arrays taken from the owner
     * @param own further arrays, which the body transfers to the device, and which graphs owned by this one may share
     * @param recorded whether it is captured and replayed, where the device can
     * @param body adds transfers and tasks
     */
    record Spec(
            String name,
            Role role,
            Optional<String> owner,
            List<Object> shared,
            List<Object> own,
            boolean recorded,
            Consumer<KernelGraph> body) {
        Spec {
            shared = List.copyOf(shared);
            own = List.copyOf(own);
        }

        /** The graph that all others stand on. */
        static Spec root(String name, Consumer<KernelGraph> body) {
            return new Spec(name, Role.ROOT, Optional.empty(), List.of(), List.of(), false, body);
        }

        /** A graph that holds arrays, those that it takes from its own owner among them. */
        static Spec owner(
                String name,
                String owner,
                List<? extends Object> shared,
                List<? extends Object> own,
                Consumer<KernelGraph> body) {
            return new Spec(name, Role.OWNER, Optional.of(owner), List.copyOf(shared), List.copyOf(own), false, body);
        }

        /** A graph that computes. */
        static Spec work(
                String name,
                String owner,
                List<? extends Object> shared,
                List<? extends Object> own,
                boolean recorded,
                Consumer<KernelGraph> body) {
            return new Spec(name, Role.WORK, Optional.of(owner), List.copyOf(shared), List.copyOf(own), recorded, body);
        }
    }

    private final Map<String, Integer> indices = new LinkedHashMap<>();
    private final List<Spec> specs;
    private final IntArray step;
    private final TornadoDevice device;
    private final List<KernelGraph> graphs = new ArrayList<>();
    private final Set<String> linked = new HashSet<>();
    private final TornadoExecutionPlan plan;
    private final TaskTimes times = new TaskTimes();
    private boolean profiled;
    private int firstRunGraphs;
    private long firstRunNanos;

    /**
     * Describes all graphs; nothing runs yet.
     *
     * @param device that runs the graphs
     * @param step shared by all of them; the root transfers it to the device at every run
     * @param specs the root first, owners before what they own
     * @throws IllegalArgumentException if a name is used twice or an owner does not come before
     */
    DevicePlan(TornadoDevice device, IntArray step, List<Spec> specs) {
        this.device = device;
        this.step = step;
        this.specs = List.copyOf(specs);
        for (Spec spec : specs) {
            spec.owner().filter(owner -> !indices.containsKey(owner)).ifPresent(owner -> {
                throw new IllegalArgumentException(
                        "graph %s: its owner %s is not among the graphs before it".formatted(spec.name(), owner));
            });
            if (indices.put(spec.name(), indices.size()) != null) {
                throw new IllegalArgumentException("two graphs are named " + spec.name());
            }
        }
        List<Role> roles = specs.stream().map(Spec::role).distinct().toList();
        ImmutableTaskGraph[] snapshots = new ImmutableTaskGraph[specs.size()];
        for (Spec spec : specs) {
            KernelGraph graph = make(spec, roles);
            snapshots[graphs.size()] = graph.taskGraph().snapshot();
            graphs.add(graph);
        }
        plan = new TornadoExecutionPlan(snapshots);
        plan.withDevice(device);
        // On PTX TornadoVM waits for events of its own meanwhile, which invalidates what is recorded.
        if (device.getTornadoVMBackend() == TornadoVMBackendType.CUDA) {
            for (int index = 0; index < specs.size(); index++) {
                if (specs.get(index).recorded()) {
                    plan.withGraph(index).withCUDAGraph();
                }
            }
        }
    }

    private KernelGraph make(Spec spec, List<Role> roles) {
        KernelGraph graph = new KernelGraph(spec.role().graphName);
        List<Object> kept = new ArrayList<>();
        kept.add(step);
        kept.addAll(spec.own());
        if (spec.role() == Role.OWNER) {
            kept.addAll(spec.shared());
        }
        spec.owner().ifPresent(owner -> {
            List<Object> taken = new ArrayList<>(spec.shared());
            taken.add(step);
            Role ownerRole = specs.get(indexOf(owner)).role();
            graph.taskGraph().consumeFromDevice(ownerRole.graphName, taken.toArray());
            roles.stream()
                    .filter(role -> role != ownerRole)
                    .forEach(role -> graph.taskGraph().consumeFromDevice(role.graphName, step));
        });
        spec.body().accept(graph);
        graph.taskGraph().persistOnDevice(kept.toArray());
        return graph;
    }

    private int indexOf(String name) {
        Integer index = indices.get(name);
        if (index == null) {
            throw new IllegalArgumentException("no graph %s among %s".formatted(name, indices.keySet()));
        }
        return index;
    }

    /** Runs a graph with what the shared arrays hold now; the first time, right after its owner. */
    void run(String name) {
        int index = indexOf(name);
        Spec spec = specs.get(index);
        if (!linked.add(name)) {
            execute(index);
            return;
        }
        spec.owner().ifPresent(owner -> {
            if (specs.get(indexOf(owner)).role() != Role.ROOT) {
                execute(0);
            }
            run(owner);
        });
        long start = System.nanoTime();
        execute(index);
        if (spec.role() == Role.WORK) {
            firstRunGraphs++;
            firstRunNanos += System.nanoTime() - start;
        }
    }

    private void execute(int index) {
        TornadoExecutionResult result;
        try {
            plan.withGraph(index).withGridScheduler(graphs.get(index).gridScheduler());
            // Executed as set last: TornadoVM describes that in words at every run, and for grids it names them all.
            result = (profiled ? plan.withProfiler(ProfilerMode.SILENT) : plan.withoutProfiler()).execute();
        } catch (TornadoOutOfMemoryException e) {
            throw new DeviceException(
                    "%s has no room for graph %s: take a smaller --context-length (%s)"
                            .formatted(deviceName(), specs.get(index).name(), messageOf(e)),
                    e);
        } catch (RuntimeException e) {
            // TornadoVM reports what goes wrong in a kernel, its compiler or a driver by exceptions of many kinds.
            throw new DeviceException(
                    "graph %s on %s: %s%s"
                            .formatted(
                                    specs.get(index).name(),
                                    deviceName(),
                                    messageOf(e),
                                    specs.get(index).recorded() ? "; without recording: --cuda-graphs off" : ""),
                    e);
        }
        if (profiled) {
            times.add(index, result.getProfilerResult().getProfileLog());
        }
    }

    /** Graphs that have run, and how long their first runs took. */
    FirstRuns firstRuns() {
        return new FirstRuns(firstRunGraphs, firstRunNanos);
    }

    /**
     * Runs some work of this plan and returns the time of every task of it by the device's clock. TornadoVM waits for each
     * task while it measures.
     */
    TaskProfile profile(Runnable work) {
        profiled = true;
        try {
            work.run();
        } finally {
            profiled = false;
        }
        return times.take();
    }

    private String deviceName() {
        return device.getPhysicalDevice().getDeviceName().strip();
    }

    /** What TornadoVM says, without colours; the reason often stands in its second line. */
    private static String messageOf(RuntimeException e) {
        String message = e.getMessage();
        return message == null
                ? e.toString()
                : COLOUR.matcher(message)
                        .replaceAll("")
                        .lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .collect(Collectors.joining(" "));
    }

    /** Every array of the plan, once. */
    Set<TornadoNativeArray> arrays() {
        Set<TornadoNativeArray> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
        arrays.add(step);
        for (Spec spec : specs) {
            spec.own().forEach(array -> arrays.add((TornadoNativeArray) array));
        }
        return arrays;
    }

    /** Names of the graphs, the root first. */
    List<String> names() {
        return specs.stream().map(Spec::name).toList();
    }

    @Override
    public void close() {
        plan.freeDeviceMemory();
        try {
            plan.close();
        } catch (TornadoExecutionPlanException e) {
            throw new IllegalStateException("closing the plan of " + names(), e);
        }
    }
}
