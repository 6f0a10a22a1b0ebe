package sala.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openjdk.jmh.annotations.Param;

/** A profile must not forget a benchmark, nor name a parameter that JMH would ignore. */
class ProfileTest {
    private static final Pattern BENCHMARK = Pattern.compile("sala\\.jmh\\.(\\w+Benchmark)\\b");

    /** Names of benchmark classes, from the list that JMH's annotation processor wrote. */
    private static Set<String> allBenchmarks() throws IOException {
        try (InputStream list = ProfileTest.class.getResourceAsStream("/META-INF/BenchmarkList")) {
            if (list == null) {
                throw new IllegalStateException("the build has written no list of benchmarks");
            }
            Set<String> names = new TreeSet<>();
            Matcher matcher = BENCHMARK.matcher(new String(list.readAllBytes(), StandardCharsets.UTF_8));
            while (matcher.find()) {
                names.add(matcher.group(1));
            }
            return names;
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DEVICE")
    void runsEveryBenchmark(Profile profile) throws IOException {
        Set<String> run = profile.passes(false).stream()
                .map(Profile.Pass::benchmark)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(allBenchmarks(), run);
    }

    @ParameterizedTest
    @EnumSource
    void namesParametersThatExist(Profile profile) throws ReflectiveOperationException {
        for (Profile.Pass pass : profile.passes(true)) {
            Class<?> type = Class.forName("sala.jmh." + pass.benchmark());
            for (String parameter : pass.parameters().keySet()) {
                assertTrue(type.getField(parameter).isAnnotationPresent(Param.class), pass.toString());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void asksForTheDeviceOnlyWhereThereIsOne(Profile profile) {
        assertTrue(profile.passes(false).stream().noneMatch(ProfileTest::isOnDevice));
        assertTrue(profile.passes(true).stream().anyMatch(ProfileTest::isOnDevice));
    }

    @Test
    void theDeviceProfileRunsWhatTheFullOneRunsThere() {
        assertTrue(Profile.DEVICE.passes(false).isEmpty());
        assertEquals(
                Profile.FULL.passes(true).stream()
                        .filter(ProfileTest::isOnDevice)
                        .toList(),
                Profile.DEVICE.passes(true));
    }

    private static boolean isOnDevice(Profile.Pass pass) {
        return pass.parameters().getOrDefault("backend", List.of()).contains("TORNADO");
    }

    @Test
    void namesProfiles() {
        assertEquals(Profile.FULL, Profile.ofName("full"));
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Profile.ofName("fast"));
        assertEquals("--profile: expected one of quick, full, device, found fast", e.getMessage());
    }
}
