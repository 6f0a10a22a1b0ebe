package sala.tornado.interpreter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoBackendNotFound;
import uk.ac.manchester.tornado.api.exceptions.TornadoDeviceNotFound;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;

/** The devices there are, and a context that belongs to no launch. */
class OutsideOfALaunchTest {
    @Test
    void devices() {
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        assertEquals(1, runtime.getNumBackends());
        assertEquals(TornadoVMBackendType.JAVA, runtime.getBackendType(0));
        assertEquals(
                List.of(InterpreterDevice.checking(), InterpreterDevice.fast()),
                runtime.getBackend(0).getAllDevices());
        assertEquals(InterpreterDevice.checking(), TornadoExecutionPlan.DEFAULT_DEVICE);
        TornadoDevice fast = TornadoExecutionPlan.getDevice(0, 1);
        assertEquals("interpreter, fast", fast.getDeviceName());
        assertEquals(
                2,
                TornadoExecutionPlan.getTornadoDeviceMap()
                        .getDevicesByType(TornadoDeviceType.CPU)
                        .count());
        assertEquals(
                1,
                TornadoExecutionPlan.getTornadoDeviceMap()
                        .getDevicesByName("FAST")
                        .count());
        assertThrows(TornadoBackendNotFound.class, () -> runtime.getBackend(1));
        assertThrows(TornadoDeviceNotFound.class, () -> TornadoExecutionPlan.getDevice(0, 2));
    }

    @Test
    void contextOfASingleLane() {
        KernelContext context = new KernelContext();
        assertEquals(0, context.globalIdx);
        context.localBarrier();
        assertEquals(3, context.allocateFloatLocalArray(3).length);
        assertEquals(2f, context.simdSum(2f));
        FloatArray sums = new FloatArray(1);
        context.atomicAdd(sums, 0, 2.5f);
        assertEquals(2.5f, sums.get(0));
        int[] tile = new int[2];
        context.asyncCopyToLocal(
                tile, 0, HalfFloatArray.fromElements(new HalfFloat((short) 0x1234), new HalfFloat((short) 0x7BCD)), 0);
        context.asyncCopyToLocal(tile, 1, ByteArray.fromElements((byte) 1, (byte) 2, (byte) 3, (byte) -4), 0);
        assertEquals(0x7BCD1234, tile[0]);
        assertEquals(0xFC030201, tile[1]);
    }

    @Test
    void permutationsOfTilesAreTheirOwnInverse() {
        KernelContext context = new KernelContext();
        HalfFloat[] wide = new HalfFloat[512];
        HalfFloat[] narrow = new HalfFloat[512];
        byte[] bytes = new byte[1024];
        for (int row = 0; row < 16; row++) {
            for (int column = 0; column < 32; column++) {
                HalfFloat value = new HalfFloat((short) (row * 32 + column));
                context.swizzleStoreFp16Stride32(wide, row, column, 32, value);
                context.swizzleStoreFp16Stride16(narrow, row, column, 32, value);
                context.swizzleStoreInt8(bytes, row, column, 32, (byte) (row + column));
            }
        }
        int moved = 0;
        for (int row = 0; row < 16; row++) {
            for (int column = 0; column < 32; column++) {
                int expected = row * 32 + column;
                assertEquals(
                        expected,
                        context.swizzleLoadFp16Stride32(wide, row, column, 32).getHalfFloatValue());
                assertEquals(
                        expected,
                        context.swizzleLoadFp16Stride16(narrow, row, column, 32).getHalfFloatValue());
                assertEquals(row + column, context.swizzleLoadInt8(bytes, row, column, 32));
                moved += wide[expected].getHalfFloatValue() == expected ? 0 : 1;
            }
        }
        assertTrue(moved > 300, "moved " + moved);
    }
}
