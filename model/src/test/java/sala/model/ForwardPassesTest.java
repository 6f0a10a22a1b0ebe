package sala.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import sala.loader.DType;
import sala.model.ForwardPasses.Choice;
import sala.model.ForwardPasses.Machine;
import sala.model.tornado.TornadoDevices;

class ForwardPassesTest {
    /** Those of the provider that the tests run with: the interpreter in the default build. */
    private static final Machine WITHOUT_TORNADOVM = new Machine(true, false, TornadoDevices::list);

    private static Choice choose(Backend requested, Machine machine) {
        return ForwardPasses.choose(requested, OptionalInt.empty(), machine);
    }

    private static String refusal(Backend requested, OptionalInt device, Machine machine) {
        return String.valueOf(
                assertThrows(BackendUnavailableException.class, () -> ForwardPasses.choose(requested, device, machine))
                        .getMessage());
    }

    @Test
    void autoIsTheFastestThatRuns() {
        assertEquals(Backend.CPU, choose(Backend.AUTO, WITHOUT_TORNADOVM).backend());
        Choice withoutVectors = choose(Backend.AUTO, new Machine(false, false, TornadoDevices::list));
        assertEquals(Backend.REFERENCE, withoutVectors.backend());
        assertTrue(
                withoutVectors.explanation().contains("--add-modules jdk.incubator.vector"),
                withoutVectors.explanation());
    }

    @Test
    void autoSaysWhyNoGpuIsTaken() {
        assertTrue(
                choose(Backend.AUTO, WITHOUT_TORNADOVM).explanation().contains("TORNADOVM_HOME"),
                choose(Backend.AUTO, WITHOUT_TORNADOVM).explanation());
        Choice empty = choose(Backend.AUTO, new Machine(true, true, List::of));
        assertEquals(Backend.CPU, empty.backend());
        assertTrue(empty.explanation().contains("only nothing"), empty.explanation());
        Choice broken = choose(Backend.AUTO, new Machine(true, true, () -> {
            throw new BackendUnavailableException("no tornado-opencl");
        }));
        assertEquals(Backend.CPU, broken.backend());
        assertTrue(broken.explanation().contains("no tornado-opencl"), broken.explanation());
    }

    @Test
    void whatIsAskedForIsTakenOrRefused() {
        assertEquals(
                Backend.REFERENCE, choose(Backend.REFERENCE, WITHOUT_TORNADOVM).backend());
        assertEquals(Backend.CPU, choose(Backend.CPU, WITHOUT_TORNADOVM).backend());
        String noVectors = refusal(Backend.CPU, OptionalInt.empty(), new Machine(false, false, List::of));
        assertTrue(noVectors.contains("--add-modules jdk.incubator.vector"), noVectors);
    }

    @Test
    void whichProviderIsThereDecidesBetweenInterpreterAndTornado() {
        String noTornado = refusal(Backend.TORNADO, OptionalInt.empty(), WITHOUT_TORNADOVM);
        assertTrue(noTornado.contains("TORNADOVM_HOME"), noTornado);
        String noInterpreter = refusal(Backend.INTERPRETER, OptionalInt.empty(), new Machine(true, true, List::of));
        assertTrue(noInterpreter.contains("unset TORNADOVM_HOME"), noInterpreter);
        String noDevice = refusal(Backend.TORNADO, OptionalInt.empty(), new Machine(true, true, List::of));
        assertTrue(noDevice.contains("finds no device"), noDevice);
    }

    @Test
    void devicesAreTakenByTheirIndex() {
        Machine machine = new Machine(true, true, TornadoDevices::list);
        int count = TornadoDevices.list().size();
        for (int index = 0; index < count; index++) {
            Choice choice = ForwardPasses.choose(Backend.TORNADO, OptionalInt.of(index), machine);
            assertEquals(index, choice.device().orElseThrow().index());
            Choice automatic = ForwardPasses.choose(Backend.AUTO, OptionalInt.of(index), machine);
            assertEquals(Backend.TORNADO, automatic.backend());
        }
        String outside = refusal(Backend.TORNADO, OptionalInt.of(count), machine);
        assertTrue(outside.startsWith("--device " + count + ": the devices are 0 ("), outside);
        String host = refusal(Backend.CPU, OptionalInt.of(0), machine);
        assertTrue(host.contains("backend cpu has no devices"), host);
    }

    @Test
    void backendsAreSpelledInLowerCase() {
        assertEquals("reference", Backend.REFERENCE.toString());
        assertEquals("tornado", Backend.TORNADO.toString());
    }

    @Test
    void whatClosedModelsKeepIsNotThereForTheNextOne() {
        Choice choice = choose(Backend.INTERPRETER, WITHOUT_TORNADOVM);
        PassOptions options = PassOptions.of(1, 8);
        try (Arena arena = Arena.ofShared()) {
            ModelWeights weights = ModelWeights.random(ModelShape.TINY.config(1), DType.F32, 1, arena);
            choice.open(weights, options).close();
            String refusal = String.valueOf(assertThrows(
                            MemoryPlanException.class,
                            () -> choice.open(weights, options.withKeptBytes(Long.MAX_VALUE)))
                    .getMessage());
            assertTrue(refusal.contains("beside what closed models keep"), refusal);
        }
    }
}
