package sala.model.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.loader.DType;
import sala.loader.Shape;
import sala.loader.TensorView;
import sala.model.DeviceException;

class TensorCopyTest {
    private static TensorView tensor(DType dtype, float... values) {
        MemorySegment data = Arena.ofAuto().allocate((long) values.length * dtype.bytes());
        for (int i = 0; i < values.length; i++) {
            switch (dtype) {
                case F32 -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, values[i]);
                case F16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(values[i]));
                case BF16 ->
                    data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(values[i]) >>> 16));
                default -> throw new IllegalArgumentException(dtype.toString());
            }
        }
        return new TensorView(
                "model.layers.3.mlp.up_proj.weight", dtype, Shape.of(values.length), data, "shard.safetensors");
    }

    private static float read(MemorySegment target, DType type, int index) {
        return switch (type) {
            case F32 -> target.getAtIndex(ValueLayout.JAVA_FLOAT, index);
            case F16 -> Float.float16ToFloat(target.getAtIndex(ValueLayout.JAVA_SHORT, index));
            case BF16 -> Float.intBitsToFloat(target.getAtIndex(ValueLayout.JAVA_SHORT, index) << 16);
            default -> throw new IllegalArgumentException(type.toString());
        };
    }

    /** More elements than one piece of work; every type holds these values exactly. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F16", "BF16"})
    void valuesThatFitAreKept(DType from) {
        float[] values = new float[(1 << 16) + 77];
        Random random = new Random(42);
        for (int i = 0; i < values.length; i++) {
            values[i] = (random.nextInt(255) - 127) / 64f;
        }
        TensorView tensor = tensor(from, values);
        for (DType to : new DType[] {DType.F32, DType.F16, DType.BF16}) {
            MemorySegment target = Arena.ofAuto().allocate((long) values.length * to.bytes());
            TensorCopy.fill(tensor, target, to);
            for (int i = 0; i < values.length; i++) {
                assertEquals(values[i], read(target, to, i), from + " to " + to);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "BF16"})
    void whatF16CannotHoldIsRefusedByName(DType from) {
        TensorView tensor = tensor(from, 1, 2, -131_072, 3);
        MemorySegment target = Arena.ofAuto().allocate(8);
        String refusal =
                String.valueOf(assertThrows(DeviceException.class, () -> TensorCopy.fill(tensor, target, DType.F16))
                        .getMessage());
        assertEquals(
                "model.layers.3.mlp.up_proj.weight in shard.safetensors: element 2 is -131072.0, beyond the range of f16 (65504): take --weights f32",
                refusal);
    }

    /** Ties go to the even neighbour. */
    @ParameterizedTest
    @ValueSource(ints = {0x3f808000, 0x3f818000, 0x3f817fff, 0xc0418001, 0x00080000})
    void bf16IsTheNearest(int bits) {
        float value = Float.intBitsToFloat(bits);
        MemorySegment target = Arena.ofAuto().allocate(2);
        TensorCopy.fill(tensor(DType.F32, value), target, DType.BF16);
        float found = read(target, DType.BF16, 0);
        float below = Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
        float above = Float.intBitsToFloat((Float.floatToRawIntBits(value) & 0xffff0000) + 0x10000);
        float nearest = Math.abs(value - below) < Math.abs(above - value) ? below : above;
        boolean tie = Math.abs(value - below) == Math.abs(above - value);
        assertTrue(
                tie ? (Float.floatToRawIntBits(found) & 0x10000) == 0 : found == nearest,
                () -> value + " became " + found);
    }
}
