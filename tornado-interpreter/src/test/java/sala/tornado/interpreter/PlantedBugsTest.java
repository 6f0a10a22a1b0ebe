package sala.tornado.interpreter;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.collections.VectorFloat4;

/** Every kind of fault is found, and the message says where it is and what to do. */
class PlantedBugsTest {
    private final KernelContext context = new KernelContext();
    private final FloatArray x = KernelsTest.numbers(64);
    private final FloatArray y = new FloatArray(64);
    private final IntArray ints = new IntArray(64);
    private final HalfFloatArray halves = new HalfFloatArray(64);

    /** Runs two work groups of 32 lanes. */
    private void expect(UnaryOperator<TaskGraph> tasks, String... parts) {
        expect(InterpreterDevice.checking(), tasks, parts);
    }

    private void expect(InterpreterDevice device, UnaryOperator<TaskGraph> tasks, String... parts) {
        String message = String.valueOf(assertThrows(
                        InterpreterException.class,
                        () -> Run.grid(64, 32)
                                .on(device)
                                .in(x, y, ints, halves)
                                .out(y)
                                .execute(tasks))
                .getMessage());
        assertAll(Stream.of(parts).map(part -> () -> assertTrue(message.contains(part), message)));
    }

    @Test
    void raceOnLocalMemory() {
        expect(
                graph -> graph.task("task", PlantedBugs::missingBarrier, context, x, y),
                "kernel PlantedBugs.missingBarrier (PlantedBugs.missingBarrier line ",
                "task graph.task",
                "work group (0, 0, 0)",
                "lane (16, 0, 0)",
                "writes tile[16], which lane (15, 0, 0) reads with no localBarrier between",
                "put context.localBarrier() between the read and the write");
    }

    @Test
    void raceIsFoundInOtherOrdersToo() {
        expect(
                InterpreterDevice.checking().withOrder(new ExecutionOrder.Descending()),
                graph -> graph.task("task", PlantedBugs::missingBarrier, context, x, y),
                "work group (1, 0, 0)",
                "lane (15, 0, 0)",
                "writes tile[15], which lane (16, 0, 0) reads");
    }

    @Test
    void raceWhereATileIsReused() {
        expect(
                graph -> graph.task("task", PlantedBugs::missingBarrierBeforeReuse, context, x, y),
                "lane (16, 0, 0)",
                "reads tile[15], which lane (15, 0, 0) writes (PlantedBugs.missingBarrierBeforeReuse line ",
                "with no localBarrier between");
    }

    @Test
    void lanesWriteOneLocalElement() {
        expect(
                graph -> graph.task("task", PlantedBugs::lanesWriteOneLocalElement, context, x, y),
                "lane (1, 0, 0)",
                "writes last[0], which lane (0, 0, 0) writes");
    }

    @Test
    void localBarrierDoesNotOrderGlobalMemory() {
        expect(
                graph -> graph.task("task", PlantedBugs::wrongBarrierForGlobalMemory, context, y),
                "lane (0, 0, 0)",
                "reads y[31], which lane (31, 0, 0) writes",
                "context.globalBarrier()");
    }

    @Test
    void lanesWriteOneGlobalElement() {
        expect(
                graph -> graph.task("task", PlantedBugs::lanesWriteOneGlobalElement, context, x, y),
                "lane (1, 0, 0)",
                "writes y[0], which lane (0, 0, 0) writes",
                "give each element to one lane");
    }

    @Test
    void groupsWriteOneElement() {
        expect(
                graph -> graph.task("task", PlantedBugs::groupsWriteOneElement, context, y),
                "work group (1, 0, 0)",
                "writes y[7], which work group (0, 0, 0) writes",
                "in the same launch");
    }

    @Test
    void groupReadsWhatAnotherWrites() {
        expect(
                graph -> graph.task("task", PlantedBugs::groupReadsWhatAnotherWrites, context, y),
                "work group (1, 0, 0), lane (0, 0, 0)",
                "reads y[0], which work group (0, 0, 0) writes");
    }

    @Test
    void groupWritesWhatAnotherRead() {
        expect(
                graph -> graph.task("task", PlantedBugs::groupWritesWhatAnotherRead, context, x, y),
                "work group (1, 0, 0), lane (31, 0, 0)",
                "writes y[63], which work group (0, 0, 0) reads in the same launch");
    }

    @Test
    void atomicBesidePlain() {
        expect(
                graph -> graph.task("task", PlantedBugs::atomicBesidePlain, context, ints),
                "lane (5, 0, 0)",
                "writes counts[0], which lane (0, 0, 0) adds to atomically");
    }

    @Test
    void readsPastTheEnd() {
        expect(
                graph -> graph.task("task", PlantedBugs::readsPastTheEnd, context, x, y),
                "work group (1, 0, 0), lane (31, 0, 0)",
                "reads x[64], but the array has 64 elements");
    }

    @Test
    void writesBeforeTheStart() {
        expect(
                graph -> graph.task("task", PlantedBugs::writesBeforeTheStart, context, x, y),
                "lane (0, 0, 0)",
                "writes y[-1], but the array has 64 elements");
    }

    @Test
    void vectorPastTheEnd() {
        VectorFloat4 vectors = new VectorFloat4(16);
        expect(
                graph -> graph.transferToDevice(0, vectors)
                        .task("task", PlantedBugs::vectorPastTheEnd, context, vectors, y),
                "lane (16, 0, 0)",
                "reads x[16], but the array has 16 elements");
    }

    @Test
    void helperPastTheEnd() {
        expect(
                graph -> graph.task("task", PlantedBugs::helperPastTheEnd, context, x, y),
                "kernel PlantedBugs.helperPastTheEnd (PlantedBugs.load line ",
                "lane (24, 0, 0)",
                "reads x[64], but the array has 64 elements");
    }

    @Test
    void localPastTheEnd() {
        expect(
                graph -> graph.task("task", PlantedBugs::localPastTheEnd, context, y),
                "lane (16, 0, 0)",
                "writes the local array tile[16], but the array has 16 elements");
    }

    @Test
    void privatePastTheEnd() {
        expect(
                graph -> graph.task("task", PlantedBugs::privatePastTheEnd, context, y),
                "lane (4, 0, 0)",
                "Index 4 out of bounds for length 4");
    }

    @Test
    void barrierInABranch() {
        expect(
                graph -> graph.task("task", PlantedBugs::barrierInABranch, context, y),
                "lane (0, 0, 0)",
                "waits at localBarrier, but lane (16, 0, 0) has ended",
                "every lane of the work group must reach the same barrier");
    }

    @Test
    void barriersAtDifferentPlaces() {
        expect(
                graph -> graph.task("task", PlantedBugs::barriersAtDifferentPlaces, context, y),
                "lane (0, 0, 0)",
                "waits at localBarrier, but lane (16, 0, 0) waits at localBarrier (PlantedBugs.barriersAtDifferentPlaces line");
    }

    @Test
    void barrierInALoopOfDifferentLength() {
        expect(
                graph -> graph.task("task", PlantedBugs::barrierInALoopOfDifferentLength, context, y),
                "lane (1, 0, 0)",
                "but lane (0, 0, 0) has ended");
    }

    @Test
    void returnBeforeTheBarrier() {
        expect(
                graph -> graph.task("task", PlantedBugs::returnBeforeTheBarrier, context, y, 40),
                "work group (1, 0, 0), lane (0, 0, 0)",
                "but lane (8, 0, 0) has ended");
    }

    @Test
    void warpOperationInABranch() {
        expect(
                graph -> graph.task("task", PlantedBugs::warpOperationInABranch, context, y),
                "waits at simdSum",
                "every lane of the warp must reach the same call");
    }

    @Test
    void barriersAreCheckedOnTheFastDeviceToo() {
        expect(
                InterpreterDevice.fast(),
                graph -> graph.task("task", PlantedBugs::barrierInABranch, context, y),
                "waits at localBarrier, but lane (16, 0, 0) has ended");
    }

    @Test
    void fastDevicePointsAtTheCheckingOne() {
        expect(
                InterpreterDevice.fast(),
                graph -> graph.task("task", PlantedBugs::readsPastTheEnd, context, x, y),
                "kernel PlantedBugs.readsPastTheEnd, task graph.task",
                "InterpreterDevice.checking() tells the array and the line");
    }

    @Test
    void localMemoryStartsDirty() {
        Run.grid(64, 32).out(y).execute(graph -> graph.task("task", PlantedBugs::localMemoryUsedUnset, context, y));
        assertTrue(Float.isNaN(y.get(0)) && Float.isNaN(y.get(63)));
    }

    @Test
    void tooMuchLocalMemory() {
        expect(
                graph -> graph.task("task", PlantedBugs::tooMuchLocalMemory, context, y),
                "takes 65536 bytes of local memory",
                "a work group has 49152");
    }

    @Test
    void differentLocalArrays() {
        expect(
                graph -> graph.task("task", PlantedBugs::differentLocalArrays, context, y),
                "allocates float[] of 33 as its local array 0, where other lanes allocate float[] of 32");
    }

    @Test
    void exceptionOfALane() {
        expect(
                graph -> graph.task("task", PlantedBugs::divides, context, ints, 9),
                "kernel PlantedBugs.divides, task graph.task, work group (0, 0, 0), lane (9, 0, 0)",
                "/ by zero");
    }

    @Test
    void copyNotWaitedFor() {
        Run.grid(32, 32)
                .in(halves)
                .out(ints)
                .execute(graph -> graph.task("task", PlantedBugs::copyNotWaitedFor, context, halves, ints));
        assertEquals(0xABABABAB, ints.get(3));
    }

    @Test
    void copyNotAligned() {
        expect(
                graph -> graph.task("task", PlantedBugs::copyNotAligned, context, halves, ints),
                "lane (1, 0, 0)",
                "copies 4 bytes from index 1: expected a multiple of 2");
    }

    @Test
    void whatKernelsCannotDo() {
        expect(graph -> graph.task("task", PlantedBugs::callsItself, context, y), "factorial", "cannot recurse");
        expect(
                graph -> graph.task("task", PlantedBugs::readsStaticArray, context, ints),
                "reads the static field TABLE",
                "give arrays as arguments");
        expect(graph -> graph.task("task", PlantedBugs::joinsStrings, context, ints), "joins strings");
    }
}
