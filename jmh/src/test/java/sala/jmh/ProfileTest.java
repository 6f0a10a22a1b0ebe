package sala.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openjdk.jmh.annotations.Param;
import sala.kernels.storage.StorageType;
import sala.loader.DType;

/** A profile must not forget a benchmark, nor name a parameter that JMH would ignore. */
class ProfileTest {
    private static final Pattern BENCHMARK = Pattern.compile("sala\\.jmh\\.(\\w+Benchmark)\\b");

    private static final DeviceTraits CUDA =
            new DeviceTraits(List.of(DType.BF16, DType.F16, DType.F32), StorageType.F16, true);
    private static final DeviceTraits POCL = new DeviceTraits(List.of(DType.F32), StorageType.F32, false);

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
        Set<String> run = profile.passes(Optional.empty()).stream()
                .map(Profile.Pass::benchmark)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(allBenchmarks(), run);
    }

    @ParameterizedTest
    @EnumSource
    void namesParametersThatExist(Profile profile) throws ReflectiveOperationException {
        for (Profile.Pass pass : profile.passes(Optional.of(CUDA))) {
            Class<?> type = Class.forName("sala.jmh." + pass.benchmark());
            for (String parameter : pass.parameters().keySet()) {
                assertTrue(type.getField(parameter).isAnnotationPresent(Param.class), pass.toString());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void asksForTheDeviceOnlyWhereThereIsOne(Profile profile) {
        assertTrue(profile.passes(Optional.empty()).stream().noneMatch(ProfileTest::isOnDevice));
        assertTrue(profile.passes(Optional.of(CUDA)).stream().anyMatch(ProfileTest::isOnDevice));
    }

    @Test
    void theDeviceProfileRunsWhatTheFullOneRunsThere() {
        assertTrue(Profile.DEVICE.passes(Optional.empty()).isEmpty());
        assertEquals(
                Profile.FULL.passes(Optional.of(CUDA)).stream()
                        .filter(ProfileTest::isOnDevice)
                        .toList(),
                Profile.DEVICE.passes(Optional.of(CUDA)));
    }

    /** A run is one combination, of parameters of the class too, so that what has no result can be named. */
    @ParameterizedTest
    @EnumSource
    void everyRunIsOneCombination(Profile profile) throws ReflectiveOperationException {
        List<Profile.Pass> runs = profile.passes(Optional.of(CUDA)).stream()
                .flatMap(pass -> pass.runs(_ -> false).stream())
                .toList();
        assertEquals(runs.size(), runs.stream().distinct().count());
        for (Profile.Pass run : runs) {
            assertEquals(parametersOf(run), run.parameters().keySet(), run.toString());
            assertTrue(run.parameters().values().stream().allMatch(values -> values.size() == 1), run.toString());
            assertTrue(run.methods() >= 1, run.toString());
        }
    }

    private static Set<String> parametersOf(Profile.Pass pass) throws ReflectiveOperationException {
        return Arrays.stream(Class.forName("sala.jmh." + pass.benchmark()).getFields())
                .filter(field -> field.isAnnotationPresent(Param.class))
                .map(Field::getName)
                .collect(Collectors.toSet());
    }

    @Test
    void leavesOutWhatTheCommandLineSays() {
        Profile.Pass pass = new Profile.Pass(
                "MatVecBenchmark", Map.of("backend", List.of("TORNADO"), "dtype", List.of("F16", "F32")));
        assertEquals(2, pass.runs(name -> name.equals("rows")).size());
        assertEquals(
                List.of("MatVecBenchmark backend=TORNADO columns=4096 rows=16384"),
                pass.runs(name -> name.equals("dtype")).stream()
                        .map(Profile.Pass::toString)
                        .toList());
    }

    @Test
    void asksADeviceForItsOwnTypesAlone() {
        List<Profile.Pass> passes = Profile.DEVICE.passes(Optional.of(POCL));
        for (Profile.Pass pass : passes) {
            for (String name : List.of("dtype", "cacheType")) {
                assertEquals(List.of("F32"), pass.parameters().getOrDefault(name, List.of("F32")), pass.toString());
            }
            assertFalse(pass.parameters().containsKey("kernels"), pass.toString());
        }
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
