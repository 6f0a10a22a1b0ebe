package sala.model.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import sala.kernels.storage.StorageType;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.ModelShape;
import sala.model.ModelWeights;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class HostStagingTest {
    private static final ModelConfig CONFIG = ModelShape.TINY.config();

    /** Weights are sent through memory for a layer and the embedding, not for all layers. */
    @Test
    void takesTheMemoryOfOneLayer() {
        HostStaging staging = new HostStaging();
        arrays(staging, 512);
        long layer = 4L * (5 * 192 * 192 + 3 * 192 * 512);
        long embedding = 4L * 2048 * 192;
        assertTrue(staging.bytes() > embedding, () -> "found " + staging.bytes());
        assertTrue(staging.bytes() < 1.2 * (layer + embedding), () -> "found " + staging.bytes());
    }

    /** Two arrays either lie apart or begin at the same address, and the first there is the largest. */
    @Test
    void arraysNeverLieAcrossEachOther() {
        for (int capacity : new int[] {1, 512, 2048, 8192}) {
            NavigableMap<Long, Long> sizes = new TreeMap<>();
            for (TornadoNativeArray array : arrays(new HostStaging(), capacity)) {
                MemorySegment segment = array.getSegmentWithHeader();
                long first = sizes.computeIfAbsent(segment.address(), _ -> segment.byteSize());
                assertTrue(first >= segment.byteSize(), () -> first + " bytes, then " + segment.byteSize());
            }
            long end = 0;
            for (Map.Entry<Long, Long> slot : sizes.entrySet()) {
                assertTrue(slot.getKey() >= end, "two arrays overlap");
                end = slot.getKey() + slot.getValue();
            }
        }
    }

    /** Arrays of one share are all there at once. */
    @Test
    void aShareHasEachSlotOnce() {
        HostStaging staging = new HostStaging();
        staging.share().floats(1000);
        HostStaging.Share share = staging.share();
        List<Long> addresses = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            addresses.add(share.floats(900).getSegmentWithHeader().address());
        }
        assertEquals(3, addresses.stream().distinct().count());
    }

    /** All that goes through the memory, in the order in which it goes. */
    private static List<TornadoNativeArray> arrays(HostStaging staging, int capacity) {
        List<TornadoNativeArray> arrays = new ArrayList<>();
        try (Arena arena = Arena.ofShared()) {
            Shapes shapes = Shapes.of(CONFIG, capacity);
            List<DeviceCache> caches = new ArrayList<>();
            DeviceWeights weights = DeviceWeights.of(
                    ModelWeights.random(CONFIG, DType.BF16, 1, arena),
                    StorageType.F32,
                    staging,
                    (layer, share) -> caches.add(DeviceCache.of(layer, CONFIG, shapes, StorageType.F16, share)));
            arrays.add(weights.embedding().values());
            for (int layer = 0; layer < caches.size(); layer++) {
                arrays.addAll(weights.layers().get(layer).arrays());
                arrays.addAll(caches.get(layer).arrays());
            }
            arrays.add(weights.finalNorm());
            arrays.add(weights.lmHead().values());
        }
        return arrays;
    }
}
