package uk.ac.manchester.tornado.api;

import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** Finds devices. */
public class TornadoDeviceMap {
    public TornadoDeviceMap() {}

    public int getNumBackends() {
        return TornadoRuntimeProvider.getTornadoRuntime().getNumBackends();
    }

    public List<TornadoBackend> getAllBackends() {
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        return IntStream.range(0, runtime.getNumBackends())
                .mapToObj(runtime::getBackend)
                .toList();
    }

    public List<TornadoBackend> getBackendsWithPredicate(Predicate<? super TornadoBackend> predicate) {
        return getAllBackends().stream().filter(predicate).toList();
    }

    public List<TornadoBackend> getBackendsWithDevicePredicate(Predicate<? super TornadoDevice> predicate) {
        return getBackendsWithPredicate(
                backend -> backend.getAllDevices().stream().anyMatch(predicate));
    }

    /** Devices whose name contains the given one, in any case. */
    public Stream<TornadoDevice> getDevicesByName(String name) {
        String part = name.toLowerCase(Locale.ROOT);
        return allDevices()
                .filter(device -> device.getPhysicalDevice()
                        .getDeviceName()
                        .toLowerCase(Locale.ROOT)
                        .contains(part));
    }

    public Stream<TornadoDevice> getDevicesByType(TornadoDeviceType type) {
        return allDevices().filter(device -> device.getDeviceType() == type);
    }

    private Stream<TornadoDevice> allDevices() {
        return getAllBackends().stream().flatMap(backend -> backend.getAllDevices().stream());
    }
}
