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
import sala.kernels.KernelGraph;
import sala.model.DeviceException;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One execution plan of many graphs that share arrays on the device and may follow each other in any order.
 *
 * <p>TornadoVM hands a device buffer from one graph to the next by the name of the graph that ran just before. So each
 * graph here has an owner, which holds all it shares and computes nothing, and which runs right before the graph's first
 * run: from then on the graph has its buffers. From every other graph it takes the step array alone, which all of them
 * share; without that, the runtime would look for all its arrays in whatever graph ran before.
 *
 * <p>A graph is compiled when it first runs. TornadoVM finds compiled code by the names of graph and task, so graphs of one
 * kind, which differ in their arrays alone, bear one name and are compiled once.
 */
final class DevicePlan implements AutoCloseable {
    /**
     * A graph to be made.
     *
     * @param name unique in the plan
     * @param kind the graph's name in TornadoVM; graphs of one kind have the same tasks with the same numbers and sizes
     * @param owner name of the graph that comes before it in the list and holds {@code shared}; empty for the first graph
     * @param shared arrays taken from the owner
     * @param own further arrays, which the body transfers to the device, and which graphs owned by this one may share
     * @param body adds transfers and tasks
     */
    record Spec(
            String name,
            String kind,
            Optional<String> owner,
            List<Object> shared,
            List<Object> own,
            Consumer<KernelGraph> body) {
        Spec {
            shared = List.copyOf(shared);
            own = List.copyOf(own);
        }

        /** A graph that others stand on. */
        static Spec root(String name, List<Object> own, Consumer<KernelGraph> body) {
            return new Spec(name, name, Optional.empty(), List.of(), own, body);
        }

        /** A graph that stands on another, the only one of its kind. */
        static Spec of(
                String name,
                String owner,
                List<? extends Object> shared,
                List<? extends Object> own,
                Consumer<KernelGraph> body) {
            return of(name, name, owner, shared, own, body);
        }

        /** A graph that stands on another. */
        static Spec of(
                String name,
                String kind,
                String owner,
                List<? extends Object> shared,
                List<? extends Object> own,
                Consumer<KernelGraph> body) {
            return new Spec(name, kind, Optional.of(owner), List.copyOf(shared), List.copyOf(own), body);
        }
    }

    private final Map<String, Integer> indices = new LinkedHashMap<>();
    private final List<Spec> specs;
    private final IntArray step;
    private final TornadoDevice device;
    private final List<KernelGraph> graphs = new ArrayList<>();
    private final Set<String> linked = new HashSet<>();
    private final TornadoExecutionPlan plan;

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
        ImmutableTaskGraph[] snapshots = new ImmutableTaskGraph[specs.size()];
        for (Spec spec : specs) {
            KernelGraph graph = make(spec);
            snapshots[graphs.size()] = graph.taskGraph().snapshot();
            graphs.add(graph);
        }
        plan = new TornadoExecutionPlan(snapshots);
        plan.withDevice(device);
    }

    private KernelGraph make(Spec spec) {
        KernelGraph graph = new KernelGraph(spec.kind());
        List<Object> kept = new ArrayList<>();
        kept.add(step);
        kept.addAll(spec.shared());
        kept.addAll(spec.own());
        spec.owner().ifPresent(owner -> {
            List<Object> taken = new ArrayList<>(spec.shared());
            taken.add(step);
            String ownerKind = specs.get(indexOf(owner)).kind();
            graph.taskGraph().consumeFromDevice(ownerKind, taken.toArray());
            specs.stream()
                    .map(Spec::kind)
                    .distinct()
                    .filter(kind -> !kind.equals(ownerKind))
                    .forEach(kind -> graph.taskGraph().consumeFromDevice(kind, step));
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
        if (linked.add(name)) {
            spec.owner().ifPresent(this::run);
        }
        try {
            plan.withGraph(index)
                    .withGridScheduler(graphs.get(index).gridScheduler())
                    .execute();
        } catch (TornadoOutOfMemoryException e) {
            throw new DeviceException(
                    "%s has no room for graph %s: take a smaller --context-length (%s)"
                            .formatted(deviceName(), name, firstLine(e)),
                    e);
        } catch (RuntimeException e) {
            // TornadoVM reports what goes wrong in a kernel, its compiler or a driver by exceptions of many kinds.
            throw new DeviceException("graph %s on %s: %s".formatted(name, deviceName(), firstLine(e)), e);
        }
    }

    private String deviceName() {
        return device.getPhysicalDevice().getDeviceName().strip();
    }

    private static String firstLine(RuntimeException e) {
        String message = e.getMessage();
        return message == null
                ? e.toString()
                : message.strip().lines().findFirst().orElse(e.toString());
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
